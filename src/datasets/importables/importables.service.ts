import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { SETTINGS, type Settings } from '../../config/settings.js';
import type { ActiveJob } from '../../jobs/index.js';
import { DatasetJobs, DatasetTargets } from '../dataset-sources.js';
import { type ImportableFile, ImportableFolder } from './importable-folder.js';
import { ImportableScans, type TarContents } from './importable-scans.js';
import { ImportableNotFoundError, ImportableNotYetReadError, InputFolderUnreadableError } from './importables.errors.js';
import { type SuggestedOperation, suggestOperation } from './suggested-operation.js';

/** A readable tar with metadata in the input folder or its archive. */
export interface Importable extends TarContents {
  readonly name: string;
  readonly isArchived: boolean;
  readonly sizeBytes: number;
  readonly modifiedAt: Date;
}

/** An importable with what is known of its dataset. */
export interface ImportableView extends Importable {
  readonly suggestedOperation: SuggestedOperation;
  readonly activeJob: ActiveJob | null;
}

/**
 * The importable datasets in `INPUT_DIR`.
 * @see contracts/jobs.md 8
 */
@Injectable()
export class ImportablesService implements OnModuleInit {
  private readonly logger = new Logger(ImportablesService.name);
  private readonly folder: ImportableFolder;

  constructor(
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'inputDir' | 'mongodbUrl'>,
    private readonly scans: ImportableScans,
    private readonly jobs: DatasetJobs,
    private readonly targets: DatasetTargets,
  ) {
    this.folder = new ImportableFolder(settings.inputDir);
  }

  /** On one machine the folder is ours to make. Elsewhere one that is missing is a mount that is missing, which an empty folder would hide. */
  async onModuleInit(): Promise<void> {
    if (this.settings.mongodbUrl !== null) return;
    try {
      await this.folder.create();
    } catch (error) {
      this.logger.warn({ message: 'the input folder could not be made; importable datasets cannot be listed', error });
    }
  }

  /**
   * All importables, those in the input folder first, each in the order of the file system. A file of which it takes long to learn what stands in it is left
   * out until that is known.
   * @throws InputFolderUnreadableError
   */
  async list(): Promise<Importable[]> {
    return this.importablesAmong(await this.readFolder(() => collect(this.folder.files())));
  }

  /** The importables of one name: none, one, or two with the archived one last. @throws InputFolderUnreadableError */
  async listNamed(name: string): Promise<Importable[]> {
    return this.importablesAmong(await this.readFolder(() => this.folder.filesNamed(name)));
  }

  /**
   * One importable: that in the input folder, else that in the archive.
   * @throws ImportableNotFoundError, InputFolderUnreadableError, and ImportableNotYetReadError when it is not known yet whether it is one
   */
  async get(name: string): Promise<ImportableView> {
    for (const file of await this.readFolder(() => this.folder.filesNamed(name))) {
      const contents = await this.scans.contentsOf(file);
      if (contents === 'not-yet-read') throw new ImportableNotYetReadError(name);
      if (contents !== 'unreadable' && contents.hasMetadata) return (await this.withDatasets([importableOf(file, contents)]))[0]!;
    }
    throw new ImportableNotFoundError(name);
  }

  /** The importables with what is known of their datasets, in the same order. */
  async withDatasets(importables: readonly Importable[]): Promise<ImportableView[]> {
    const names = [...new Set(importables.map(({ name }) => name))];
    const [jobs, targets] = await Promise.all([this.jobs.findActiveByDatasets(names), this.targets.findByNames(names)]);
    const jobOf = new Map(jobs.map((job) => [job.datasetName, job]));
    const outcomeOf = new Map(targets.map(({ name, outcome }) => [name, outcome]));
    return importables.map((importable) => {
      const activeJob = jobOf.get(importable.name) ?? null;
      const facts = { hasData: importable.hasData, isBusy: activeJob !== null, outcome: outcomeOf.get(importable.name) ?? null };
      return { ...importable, suggestedOperation: suggestOperation(facts), activeJob };
    });
  }

  private async importablesAmong(files: readonly ImportableFile[]): Promise<Importable[]> {
    const contents = await Promise.all(files.map((file) => this.scans.contentsOf(file)));
    return files.flatMap((file, index) => {
      const known = contents[index]!;
      return typeof known === 'object' && known.hasMetadata ? [importableOf(file, known)] : [];
    });
  }

  private async readFolder<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      throw new InputFolderUnreadableError(error);
    }
  }
}

function importableOf(file: ImportableFile, contents: TarContents): Importable {
  const { name, isArchived, sizeBytes, modifiedAt } = file;
  return { name, ...contents, isArchived, sizeBytes, modifiedAt };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}
