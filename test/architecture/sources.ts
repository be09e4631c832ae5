import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A file of the project as text. */
export interface SourceFile {
  /** From the project's root, with `/`. */
  readonly path: string;
  readonly absolutePath: string;
  readonly text: string;
}

/** The text of a file of the project. */
export const projectFile = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Every TypeScript file of `src` but the specs, sorted by path. */
export function sourceFiles(): SourceFile[] {
  return readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.spec.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((absolutePath) => ({ path: relative(root, absolutePath), absolutePath, text: readFileSync(absolutePath, 'utf8') }));
}

/** The folders of `src` that are features: all but the ground that they stand on, the process and the command line. */
export const featureFolders = (): string[] =>
  readdirSync(join(root, 'src'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !['common', 'config', 'database', 'process', 'cli'].includes(entry.name))
    .map((entry) => entry.name)
    .sort();
