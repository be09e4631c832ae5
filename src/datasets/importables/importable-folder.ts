import type { BigIntStats } from 'node:fs';
import { lstat, mkdir, opendir, realpath, stat, unlink } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { isSameFile, versionOf } from './tar-scan.js';

/** A file that may be an importable dataset. */
export interface ImportableFile {
  readonly name: string;
  /** Found in `archive`. */
  readonly isArchived: boolean;
  /** Where its content stands: behind a link the file it leads to. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly modifiedAt: Date;
  /** Differs for every version of the content. */
  readonly version: string;
  /** Why it is not looked into; null for a regular file. */
  readonly refusal: string | null;
}

/** Where a version of a file stands now. */
export type FilePlace = 'input' | 'archive' | 'nowhere';

const suffix = '.tar';
const namePattern = /^[A-Z][A-Z0-9_]*$/;
const goneCodes = new Set(['ENOENT', 'ENAMETOOLONG']);

/** True for the names that an importable dataset may have; anything else never meets a path. */
export const isImportableName = (name: string): boolean => namePattern.test(name);

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** `INPUT_DIR`, and below it `archive`, into which executors move what they work on. */
export class ImportableFolder {
  constructor(private readonly root: string) {}

  private get archive(): string {
    return join(this.root, 'archive');
  }

  /** Makes the folder. Safe to repeat. */
  async create(): Promise<void> {
    await mkdir(this.root, { recursive: true });
  }

  /**
   * Every file named as an importable dataset, in the order of the file system, those in the archive last. Files that vanish meanwhile are left out.
   * @throws NodeJS.ErrnoException when the folder cannot be read; an archive that does not exist is empty
   */
  async *files(): AsyncIterable<ImportableFile> {
    yield* this.filesIn(this.root, false);
    try {
      yield* this.filesIn(this.archive, true);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }

  /** The files of one name: none, one or two, the archived one last. */
  async filesNamed(name: string): Promise<ImportableFile[]> {
    if (!isImportableName(name)) return [];
    const found = await Promise.all([this.describe(this.root, name, false), this.describe(this.archive, name, true)]);
    return found.filter((file) => file !== undefined);
  }

  /** Where the file that had this name and version in the input folder stands now; moving it to the archive does not make it another. */
  async placeOf(name: string, version: string): Promise<FilePlace> {
    const [inInput, inArchive] = await Promise.all(
      [this.root, this.archive].map((folder) => this.statOf(join(folder, name + suffix), lstat)),
    );
    if (inInput && isSameFile(inInput, version)) return 'input';
    return inArchive && isSameFile(inArchive, version) ? 'archive' : 'nowhere';
  }

  /** Size and version of what `remove` would remove: a link itself, not what it leads to. Undefined when there is nothing, or a folder. */
  async findRemovable(name: string): Promise<{ sizeBytes: number; version: string } | undefined> {
    const stats = await this.statOf(this.inputPath(name), lstat);
    return stats && !stats.isDirectory() ? { sizeBytes: Number(stats.size), version: versionOf(stats) } : undefined;
  }

  /**
   * Removes the file of that name from the input folder, never from the archive; false when it is gone.
   * @throws NodeJS.ErrnoException when it stays
   */
  async remove(name: string): Promise<boolean> {
    try {
      await unlink(this.inputPath(name));
      return true;
    } catch (error) {
      if (goneCodes.has(codeOf(error) ?? '')) return false;
      throw error;
    }
  }

  private inputPath(name: string): string {
    if (!isImportableName(name)) throw new Error('not the name of an importable dataset');
    return join(this.root, name + suffix);
  }

  private async *filesIn(folder: string, isArchived: boolean): AsyncIterable<ImportableFile> {
    for await (const entry of await opendir(folder)) {
      const name = entry.name.slice(0, -suffix.length);
      if (!entry.name.endsWith(suffix) || !isImportableName(name)) continue;
      const file = await this.describe(folder, name, isArchived);
      if (file) yield file;
    }
  }

  private async describe(folder: string, name: string, isArchived: boolean): Promise<ImportableFile | undefined> {
    const own = join(folder, name + suffix);
    const link = await this.statOf(own, lstat);
    const path = link?.isSymbolicLink() ? await this.linkTarget(own) : own;
    const stats = path === own || path === undefined ? link : await this.statOf(path, stat);
    if (!stats) return undefined;
    const refusal = path === undefined ? 'it is a link that leads out of the folder or nowhere' : refusalOf(stats);
    const facts = { sizeBytes: Number(stats.size), modifiedAt: new Date(Number(stats.mtimeMs)), version: versionOf(stats) };
    return { name, isArchived, path: path ?? own, refusal, ...facts };
  }

  /** Where a link leads, when that is inside the input folder or the archive. */
  private async linkTarget(link: string): Promise<string | undefined> {
    try {
      const target = await realpath(link);
      const roots = await Promise.all([this.root, this.archive].map((folder) => realpath(folder).catch(() => undefined)));
      return roots.some((root) => root !== undefined && target.startsWith(root + sep)) ? target : undefined;
    } catch {
      return undefined;
    }
  }

  private async statOf(path: string, read: typeof lstat): Promise<BigIntStats | undefined> {
    try {
      return await read(path, { bigint: true });
    } catch (error) {
      if (goneCodes.has(codeOf(error) ?? '') || codeOf(error) === 'ENOTDIR') return undefined;
      throw error;
    }
  }
}

function refusalOf(stats: BigIntStats): string | null {
  if (stats.isFile()) return null;
  return stats.isDirectory() ? 'it is a folder' : 'it is not a regular file';
}
