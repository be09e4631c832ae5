import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { type Caller, systemCaller } from '../../common/caller.js';
import { SETTINGS, type Settings } from '../../config/settings.js';
import { DatasetJobs } from '../dataset-sources.js';
import { DatasetBusyError } from '../datasets.errors.js';
import { ImportableDeletionsStore, type OpenDeletion } from './importable-deletions.store.js';
import { ImportableFolder, isImportableName } from './importable-folder.js';
import { ImportableNotDeletableError, ImportableNotFoundError } from './importables.errors.js';

/** Age at which a request without an end is taken for one whose process died. Removing a file takes no time. */
const openSeconds = 60;
const batch = 100;

/**
 * Deletes importable files, each with a record.
 *
 * A deletion is `requested` before the file is touched. It becomes `deleted` when this request removed the file, and `kept` when it did not: the file
 * system refused, somebody else moved it, or a job took the dataset meanwhile. A process that dies between leaves it `requested`; `settleOpen` looks at
 * the folder and ends it. So a record never says more than what is true.
 *
 * A job that is created between the last look and the removal loses its file as if the file had been deleted first.
 */
@Injectable()
export class ImportableDeletionsService {
  private readonly folder: ImportableFolder;

  constructor(
    @Inject(SETTINGS) settings: Pick<Settings, 'inputDir'>,
    private readonly store: ImportableDeletionsStore,
    private readonly jobs: DatasetJobs,
  ) {
    this.folder = new ImportableFolder(settings.inputDir);
  }

  /**
   * Deletes the file of that name from the input folder, whether or not it is a readable tar; never from the archive.
   * @throws ImportableNotFoundError, DatasetBusyError when an active job has the dataset, ImportableNotDeletableError when the file system refuses
   */
  async delete(name: string, reason: string | null, caller: Caller): Promise<void> {
    if (!isImportableName(name)) throw new ImportableNotFoundError(name);
    const file = await this.findRemovable(name);
    await this.refuseBusy(name);
    const id = randomUUID();
    await this.store.insertRequested({ id, name, sizeBytes: file.sizeBytes, fileVersion: file.version, reason }, caller);
    try {
      await this.refuseBusy(name);
      if (!(await this.removeFile(name))) throw new ImportableNotFoundError(name);
    } catch (error) {
      await this.store.markKept(id, keptBecause(error), caller);
      throw error;
    }
    await this.store.markDeleted(id, caller);
  }

  /** Ends the requests of processes that died before they could. Safe to repeat and to race. Returns how many it ended. */
  async settleOpen(): Promise<number> {
    const open = await this.store.findOpen(openSeconds, batch);
    let ended = 0;
    for (const deletion of open) if (await this.settle(deletion)) ended++;
    return ended;
  }

  private async settle({ _id, name, fileVersion }: OpenDeletion): Promise<boolean> {
    const caller = systemCaller('settle-importable-deletions');
    const place = await this.folder.placeOf(name, fileVersion);
    if (place === 'nowhere') return this.store.markDeleted(_id, caller);
    const where = place === 'input' ? 'the service ended before it removed the file' : 'the file was moved to the archive';
    return this.store.markKept(_id, where, caller);
  }

  private async findRemovable(name: string): Promise<{ sizeBytes: number; version: string }> {
    const file = await this.folder.findRemovable(name).catch((error: unknown) => {
      throw new ImportableNotDeletableError(name, error);
    });
    if (!file) throw new ImportableNotFoundError(name);
    return file;
  }

  private async removeFile(name: string): Promise<boolean> {
    return this.folder.remove(name).catch((error: unknown) => {
      throw new ImportableNotDeletableError(name, error);
    });
  }

  private async refuseBusy(name: string): Promise<void> {
    const [job] = await this.jobs.findActiveByDatasets([name]);
    if (job) throw new DatasetBusyError(job);
  }
}

function keptBecause(error: unknown): string {
  if (error instanceof ImportableNotFoundError) return 'the file was gone already';
  return error instanceof Error ? error.message : 'unknown';
}
