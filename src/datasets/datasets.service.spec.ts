import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CursorInvalidError, RequestInvalidError } from '../common/errors/request.errors.js';
import type { ActiveJob } from '../jobs/index.js';
import type { DatasetTargets, KnownTarget } from './dataset-sources.js';
import { DatasetNotFoundError } from './datasets.errors.js';
import { DatasetsService } from './datasets.service.js';
import type { Importable, ImportablesService } from './importables/importables.service.js';

const at = new Date('2026-01-02T03:04:05.678Z');
const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
const targetOf = (name: string, ...action: string[]): KnownTarget => ({
  name,
  outcome: action.length > 0 ? { status: 'completed', action, jobId: 'j-0', at } : null,
});
const fileOf = (name: string, isArchived = false): Importable => ({
  name,
  isArchived,
  hasMetadata: true,
  hasData: true,
  sizeBytes: 1,
  modifiedAt: at,
});
const jobOf = (datasetName: string): ActiveJob => ({
  jobId: 'j-1',
  datasetName,
  operation: 'ADD',
  status: 'running',
  phase: 'partitioning',
  percent: 62,
  workerId: 'imp-3',
  leaseExpiresAt: at,
  createdAt: at,
  startedAt: at,
});

/** The service on targets, files and active jobs in memory; targets are paged by bytes, as the database does. */
function serviceOn({ targets = [] as KnownTarget[], files = [] as Importable[], busy = [] as string[] }): DatasetsService {
  const sorted = [...targets].sort((a, b) => byBytes(a.name, b.name));
  const named = (names: readonly string[]) => targets.filter(({ name }) => names.includes(name));
  const pageByName: DatasetTargets['pageByName'] = async (place, limit) => {
    if (!place) return sorted.slice(0, limit);
    const beyond = sorted.filter(({ name }) =>
      place.direction === 'after' ? byBytes(name, place.name) > 0 : byBytes(name, place.name) < 0,
    );
    return (place.direction === 'after' ? beyond : beyond.reverse()).slice(0, limit);
  };
  const importables = { list: async () => [...files], listNamed: async (wanted: string) => files.filter(({ name }) => name === wanted) };
  const jobs = {
    findActiveByDatasets: async (names: readonly string[]) => busy.filter((name) => names.includes(name)).map(jobOf),
    pageByTarget: async () => ({ items: [], nextCursor: null, prevCursor: null }),
  };
  const source = { findByNames: async (names: readonly string[]) => named(names), pageByName, count: async () => targets.length };
  return new DatasetsService(importables as unknown as ImportablesService, jobs, source);
}

describe('datasets', () => {
  it('unite targets, active jobs and files by name', async () => {
    const service = serviceOn({
      targets: [targetOf('DATASTORE'), targetOf('ROAD', 'RELEASED', '2.1.0'), targetOf('rail', 'CHANGE')],
      files: [fileOf('ROAD'), fileOf('BOAT'), fileOf('BOAT', true)],
      busy: ['rail'],
    });
    const page = await service.list({ limit: 50, count: 'exact' });
    expect(page.count).toEqual({ value: 4, exact: true });
    expect(page.items.map(({ name, inputFile, activeJob, version }) => [name, inputFile?.isArchived, activeJob?.jobId, version])).toEqual([
      ['BOAT', false, undefined, null],
      ['DATASTORE', undefined, undefined, null],
      ['ROAD', false, undefined, '2.1.0'],
      ['rail', undefined, 'j-1', null],
    ]);
  });

  it('say in sentences why they may not be current', async () => {
    const service = serviceOn({
      targets: [targetOf('A'), targetOf('B', 'ADD')],
      files: [fileOf('A'), fileOf('B'), fileOf('C', true)],
      busy: ['A'],
    });
    const sentences = (await service.list({ limit: 50 })).items.map(({ whyNotCurrent }) => whyNotCurrent);
    expect(sentences).toEqual([
      ['Job j-1 (ADD) is partitioning on imp-3, 62 %.'],
      ['The file B.tar, changed at 2026-01-02T03:04:05.678Z, is waiting in the input folder and no job imports it.'],
      ['The file C.tar of an import that did not end well is still in the archive.'],
    ]);
  });

  it('are found by exact name only', async () => {
    const service = serviceOn({ targets: [targetOf('rail')], files: [fileOf('BOAT')] });
    expect(await service.get('rail')).toMatchObject({ name: 'rail', inputFile: null, whyNotCurrent: [] });
    expect(await service.get('BOAT')).toMatchObject({ name: 'BOAT', lastOutcome: null });
    await expect(service.get('RAIL')).rejects.toBeInstanceOf(DatasetNotFoundError);
    await expect(service.jobsOf('RAIL', { limit: 50 })).rejects.toBeInstanceOf(DatasetNotFoundError);
    for (const name of ['', ' rail', 'a\u0000', 'e\u0301']) await expect(service.get(name)).rejects.toBeInstanceOf(RequestInvalidError);
  });

  it('refuse cursors with a key that is no name', async () => {
    const service = serviceOn({ targets: [targetOf('A'), targetOf('B')] });
    const { nextCursor } = await service.list({ limit: 1 });
    const parts = JSON.parse(Buffer.from(nextCursor!, 'base64url').toString()) as unknown[];
    const forged = Buffer.from(JSON.stringify([...parts.slice(0, -1), 7])).toString('base64url');
    await expect(service.list({ limit: 1, cursor: forged })).rejects.toBeInstanceOf(CursorInvalidError);
  });

  const targetName = fc.oneof(fc.stringMatching(/^[A-C_a]{1,3}$/), fc.constantFrom('Å', 'ÅA', '\u{1f600}', '\uffee', 'A Ø'));
  const fileName = fc.stringMatching(/^[A-C][A-C_0]{0,2}$/);

  it('page forwards and back over all names once, in one order, for any mixture', async () => {
    const sets = fc.record({ targets: fc.uniqueArray(targetName, { maxLength: 12 }), files: fc.uniqueArray(fileName, { maxLength: 12 }) });
    await fc.assert(
      fc.asyncProperty(sets, fc.integer({ min: 1, max: 5 }), async ({ targets, files }, limit) => {
        const service = serviceOn({ targets: targets.map((name) => targetOf(name)), files: files.map((name) => fileOf(name)) });
        const expected = [...new Set([...targets, ...files])].sort(byBytes);
        const pages = [await service.list({ limit })];
        for (let cursor = pages[0]!.nextCursor; cursor; cursor = pages.at(-1)!.nextCursor)
          pages.push(await service.list({ limit, cursor }));
        expect(pages.flatMap(({ items }) => items.map(({ name }) => name))).toEqual(expected);
        const back = [pages.at(-1)!];
        for (let cursor = back[0]!.prevCursor; cursor; cursor = back[0]!.prevCursor) back.unshift(await service.list({ limit, cursor }));
        expect(back.flatMap(({ items }) => items.map(({ name }) => name))).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });
});
