import { mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Caller } from '../../src/common/caller.js';
import type { DatasetJobs } from '../../src/datasets/dataset-sources.js';
import { DatasetBusyError } from '../../src/datasets/datasets.errors.js';
import { type ImportableDeletionDocument, importableDeletionModel } from '../../src/datasets/importables/importable-deletions.schema.js';
import { ImportableDeletionsService } from '../../src/datasets/importables/importable-deletions.service.js';
import { ImportableDeletionsStore } from '../../src/datasets/importables/importable-deletions.store.js';
import { ImportableNotDeletableError, ImportableNotFoundError } from '../../src/datasets/importables/importables.errors.js';
import type { ActiveJob } from '../../src/jobs/index.js';
import { withDatabase } from '../support/database.js';

const kari: Caller = { actor: { id: 'issuer|kari', name: 'Kari', role: 'operator', address: '127.0.0.1' }, requestId: 'r-1' };
const job: ActiveJob = {
  jobId: 'j-1',
  datasetName: 'ROAD',
  operation: 'ADD',
  status: 'queued',
  phase: null,
  percent: null,
  workerId: null,
  leaseExpiresAt: null,
  createdAt: new Date(0),
  startedAt: null,
};

interface Parts {
  readonly path: string;
  readonly file: string;
  readonly service: ImportableDeletionsService;
  readonly store: ImportableDeletionsStore;
  /** Answers of the question for an active job, one after the other; then none. */
  readonly active: (() => Promise<ActiveJob[]>)[];
  readonly records: () => Promise<ImportableDeletionDocument[]>;
  /** Makes every record look as if it had been requested that long ago. */
  readonly age: (seconds: number) => Promise<void>;
}

async function withDeletions(work: (parts: Parts) => Promise<void>): Promise<void> {
  const path = await mkdtemp(join(tmpdir(), 'signalbox-input-'));
  await mkdir(join(path, 'archive'));
  const file = join(path, 'ROAD.tar');
  await writeFile(file, 'no tar at all');
  const active: (() => Promise<ActiveJob[]>)[] = [];
  const jobs = { findActiveByDatasets: async () => (await active.shift()?.()) ?? [] } as unknown as DatasetJobs;
  try {
    await withDatabase(async ({ connection }) => {
      const model = connection.model<ImportableDeletionDocument>(importableDeletionModel.name, importableDeletionModel.schema);
      await model.createCollection();
      await model.createIndexes();
      const store = new ImportableDeletionsStore(model as never);
      const service = new ImportableDeletionsService({ inputDir: path }, store, jobs);
      const records = () => model.find().lean<ImportableDeletionDocument[]>();
      const age = async (seconds: number) => {
        await model.collection.updateMany({}, [{ $set: { requestedAt: { $subtract: ['$requestedAt', seconds * 1_000] } } }]);
      };
      await work({ path, file, service, store, active, records, age });
    });
  } finally {
    await rm(path, { recursive: true });
  }
}

const exists = async (file: string): Promise<boolean> => (await stat(file).catch(() => undefined)) !== undefined;
const types = (record: ImportableDeletionDocument | undefined) => record?.outbox.map(({ type, version }) => `${version} ${type}`);

describe('deleting an importable file', () => {
  it('removes the file and leaves a record of who, why and how large, with its events', async () => {
    await withDeletions(async ({ file, service, records }) => {
      await service.delete('ROAD', 'sent twice', kari);
      expect(await exists(file)).toBe(false);
      const [record] = await records();
      expect(record).toMatchObject({
        name: 'ROAD',
        sizeBytes: 13,
        status: 'deleted',
        reason: 'sent twice',
        requestedBy: kari.actor,
        version: 2,
      });
      expect(types(record)).toEqual(['1 importable.deletion-requested', '2 importable.deleted']);
      expect(record!.outbox[1]).toMatchObject({ from: 'requested', to: 'deleted', actor: kari.actor, requestId: 'r-1' });
    });
  });

  it('takes a reason as text, whatever stands in it', async () => {
    await withDeletions(async ({ service, records }) => {
      await service.delete('ROAD', '$name', kari);
      expect((await records())[0]).toMatchObject({ reason: '$name' });
    });
  });

  it('is refused without a record while a job has the dataset, and the error names the job', async () => {
    await withDeletions(async ({ file, service, active, records }) => {
      active.push(async () => [job]);
      const refusal = service.delete('ROAD', null, kari);
      await expect(refusal).rejects.toBeInstanceOf(DatasetBusyError);
      await expect(refusal).rejects.toMatchObject({ details: { holder: { jobId: 'j-1', status: 'queued' } } });
      expect(await exists(file)).toBe(true);
      expect(await records()).toEqual([]);
    });
  });

  it('is refused by a job that came after the first look, and the record says so', async () => {
    await withDeletions(async ({ file, service, active, records }) => {
      active.push(
        async () => [],
        async () => [job],
      );
      await expect(service.delete('ROAD', null, kari)).rejects.toBeInstanceOf(DatasetBusyError);
      expect(await exists(file)).toBe(true);
      const [record] = await records();
      expect(record).toMatchObject({ status: 'kept', keptBecause: expect.stringContaining('j-1') });
      expect(types(record)).toEqual(['1 importable.deletion-requested', '2 importable.kept']);
    });
  });

  it('does not touch a file that an executor moves to the archive meanwhile', async () => {
    await withDeletions(async ({ path, file, service, active, records }) => {
      const move = async () => {
        await rename(file, join(path, 'archive/ROAD.tar'));
        return [];
      };
      active.push(async () => [], move);
      await expect(service.delete('ROAD', null, kari)).rejects.toBeInstanceOf(ImportableNotFoundError);
      expect(await exists(join(path, 'archive/ROAD.tar'))).toBe(true);
      expect((await records())[0]).toMatchObject({ status: 'kept', keptBecause: 'the file was gone already' });
    });
  });

  it('finds nothing under other names, in the archive, or in a folder', async () => {
    await withDeletions(async ({ path, service, records }) => {
      await writeFile(join(path, 'archive/OLD.tar'), '');
      await mkdir(join(path, 'FOLDER.tar'));
      for (const name of ['GONE', 'OLD', 'FOLDER', '../ROAD', 'road', '', 'A'.repeat(500)]) {
        await expect(service.delete(name, null, kari)).rejects.toBeInstanceOf(ImportableNotFoundError);
      }
      expect(await records()).toEqual([]);
    });
  });

  it('succeeds for exactly one of many at once', async () => {
    await withDeletions(async ({ service, records }) => {
      const results = await Promise.allSettled(Array.from({ length: 10 }, () => service.delete('ROAD', null, kari)));
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      const statuses = (await records()).map(({ status }) => status);
      expect(statuses.filter((status) => status === 'deleted')).toHaveLength(1);
      expect(statuses).not.toContain('requested');
    });
  });

  it('leaves no lie when the file system refuses', async () => {
    await withDeletions(async ({ file, service, records, active }) => {
      const becomesFolder = async () => {
        await rm(file);
        await mkdir(file);
        return [];
      };
      active.push(() => Promise.resolve([]), becomesFolder); // the second question comes right before the removal
      await expect(service.delete('ROAD', null, kari)).rejects.toBeInstanceOf(ImportableNotDeletableError);
      expect((await records())[0]).toMatchObject({ status: 'kept' });
      expect(await exists(file)).toBe(true);
    });
  });
});

describe('a deletion whose process died', () => {
  const requestOf = async ({ file, store }: Parts) => {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
    const fileVersion = [dev, ino, size, mtimeNs, ctimeNs].join(':');
    await store.insertRequested({ id: 'd-1', name: 'ROAD', sizeBytes: 13, fileVersion, reason: null }, kari);
  };

  it('is left alone while it may still be running', async () => {
    await withDeletions(async (parts) => {
      await requestOf(parts);
      expect(await parts.service.settleOpen()).toBe(0);
    });
  });

  it.each([
    ['before it removed the file', async () => undefined, { status: 'kept', keptBecause: 'the service ended before it removed the file' }],
    ['after it removed the file', async ({ file }: Parts) => rm(file), { status: 'deleted', keptBecause: null }],
    [
      'and whose file an executor moved',
      async ({ path, file }: Parts) => rename(file, join(path, 'archive/ROAD.tar')),
      { status: 'kept', keptBecause: 'the file was moved to the archive' },
    ],
    [
      'after it removed the file, of which there is a new one',
      async ({ path, file }: Parts) => {
        await writeFile(join(path, 'new'), 'another');
        await rename(join(path, 'new'), file);
      },
      { status: 'deleted' },
    ],
  ])('%s is settled by what the folder shows, once', async (_when, happen, expected) => {
    await withDeletions(async (parts) => {
      await requestOf(parts);
      await happen(parts);
      await parts.age(61);
      const settled = await Promise.all([parts.service.settleOpen(), parts.service.settleOpen()]);
      expect(settled[0] + settled[1]).toBe(1);
      const [record] = await parts.records();
      expect(record).toMatchObject({ ...expected, version: 2, endedAt: expect.any(Date) });
      expect(record!.outbox[1]).toMatchObject({ actor: { role: 'system' } });
    });
  });
});
