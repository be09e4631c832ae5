import { describe, expect, it } from '@jest/globals';
import { systemCaller } from '../../common/caller.js';
import { ServiceUnavailableError } from '../../common/errors/service.errors.js';
import type { Settings } from '../../config/settings.js';
import type { Metrics } from '../../observability/index.js';
import type { JobEnd, StatusReport } from '../job-changes.js';
import type { JobEndings } from '../job-endings.js';
import type { JobDocument } from '../jobs.schema.js';
import type { JobsStore } from '../jobs.store.js';
import { StatusReports } from './status-reports.service.js';

type Seen = Partial<JobDocument> | null;
const running: Seen = { operation: 'ADD', status: 'running', lease: null, cancelRequested: null, compatRequeues: 0, log: [] };

/**
 * A report on a job that changes under it: each write misses, but for the one after the last look.
 * @param looks what each look at the job finds
 */
async function report(said: StatusReport, looks: readonly Seen[], compatMaxRequeues = 10) {
  const wrote: string[] = [];
  let looked = 0;
  const misses = (what: string): boolean => {
    wrote.push(what);
    return looked < looks.length;
  };
  const store = {
    applyReport: async () => (misses('change') ? null : { attempts: [], updatedAt: new Date() }),
    findActive: async () => looks[looked++],
  } as unknown as JobsStore;
  const endings = {
    end: async (_id: string, end: (job: JobDocument) => JobEnd) => {
      const ended = end((looks[looked - 1] ?? running) as JobDocument);
      return misses(ended.reason ?? ended.status) ? null : {};
    },
  } as unknown as JobEndings;
  const reports = new StatusReports(store, endings, {} as Metrics, { compatMaxRequeues } as Settings);
  const outcome = await reports.take('j', said, systemCaller('test')).catch((error: unknown) => error);
  return { outcome, wrote };
}

describe('a status report on a job that changes under it', () => {
  it.each([
    [{ status: 'completed' }],
    [{ status: 'failed' }],
    [{ status: 'importing' }],
    [{ status: 'queued' }],
    [{ log: 'a line' }],
  ] as const)('%j is applied to what the job has become, and not refused for a lease that nobody has', async (said) => {
    expect((await report(said, [running])).outcome).toBe('applied');
  });

  it('is refused for a lease while there is one, and lines of the log are not', async () => {
    const held = { ...running, lease: { workerId: 'w' } } as Seen;
    expect((await report({ status: 'completed' }, [held])).outcome).toBe('leased');
    expect((await report({ log: 'a line' }, [held])).outcome).toBe('applied');
  });

  it('finds no job that is finished, or whose operation the original does not know', async () => {
    for (const seen of [null, { ...running, operation: 'REINDEX' }])
      for (const said of [{ status: 'completed' }, { log: 'a line' }] as const)
        expect((await report(said, [seen])).outcome).toBe('notFound');
  });

  it('ends a job that is put back too often, and says how often the setting allows that', async () => {
    const { outcome, wrote } = await report({ status: 'queued' }, [{ ...running, compatRequeues: 7 }], 3);
    expect(outcome).toBe('applied');
    expect(wrote).toEqual(['change', 'Put back to queued 8 times while running; COMPAT_MAX_REQUEUES allows 3.']);
  });

  it('does not end such a job for another that is queued already', async () => {
    expect((await report({ status: 'queued' }, [{ ...running, status: 'queued', compatRequeues: 7 }], 3)).wrote).toEqual([
      'change',
      'change',
    ]);
  });

  it('is to be sent again when the job never holds still', async () => {
    const { outcome, wrote } = await report({ status: 'completed' }, Array<Seen>(100).fill(running));
    expect(outcome).toBeInstanceOf(ServiceUnavailableError);
    expect(wrote).toHaveLength(5);
  });
});
