import { describe, expect, it } from '@jest/globals';
import { checkFleet, type FleetFindings, type StoredJob } from './fleet-checks.js';
import { FleetLedger, type Hold } from './fleet-ledger.js';

const at = (second: number): Date => new Date(Date.UTC(2026, 0, 1, 0, 0, second));

/** A job that one worker lost and another one completed. */
function story() {
  const attempt = (number: number, [from, to]: readonly [number, number], outcome: string) => ({
    attempt: number,
    workerId: `w-${number}`,
    startedAt: at(from),
    endedAt: at(to) as Date | null,
    outcome: outcome as string | null,
  });
  const change = (version: number, second: number, type: string) => ({ version, at: at(second), type });
  const job = {
    _id: 'job-1',
    status: 'completed',
    version: 5,
    attempt: 2,
    error: null as StoredJob['error'],
    attempts: [attempt(1, [1, 7], 'lost'), attempt(2, [8, 10], 'completed')],
    outbox: [change(5, 10, 'job.completed')],
  };
  const events = [change(1, 0, 'job.created'), change(2, 1, 'job.claimed'), change(3, 7, 'job.lost'), change(4, 8, 'job.claimed')];
  const ledger = new FleetLedger();
  ledger.created.add('job-1');
  const first = ledger.hold({ jobId: 'job-1', attempt: 1, workerId: 'w-1' }, at(6).toISOString());
  const second = ledger.hold({ jobId: 'job-1', attempt: 2, workerId: 'w-2' }, at(13).toISOString());
  Object.assign(second, { closing: 'complete', closed: true });
  return { job, events, ledger, first, second, inProgress: [] as StoredJob[], completed: [job] as StoredJob[] };
}

type Story = ReturnType<typeof story>;

function check(damage: (of: Story) => unknown): FleetFindings {
  const told = story();
  damage(told);
  const { ledger, inProgress, completed, events } = told;
  return checkFleet(ledger, { inProgress, completed, events: new Map([['job-1', events]]) });
}

const hold = (of: Hold, changes: Partial<Hold>): void => void Object.assign(of, changes);

/** What a broken service could have done, and where it is found. */
const faults: [string, keyof FleetFindings, (of: Story) => unknown][] = [
  ['a lost job', 'lostJobs', ({ completed }) => completed.pop()],
  ['a job in both collections', 'lostJobs', ({ inProgress, job }) => inProgress.push(job)],
  ['a job that is not done', 'lostJobs', ({ job }) => (job.status = 'running')],
  ['a failure without a reason', 'lostJobs', ({ job }) => (job.status = 'failed')],
  ['attempts that overlap', 'doubleLeases', ({ job }) => (job.attempts[0]!.endedAt = at(9))],
  ['an attempt that began while another had not ended', 'doubleLeases', ({ job }) => (job.attempts[0]!.endedAt = null)],
  ['two claims without a leaving between them', 'doubleLeases', ({ events }) => (events[2]!.type = 'job.progress')],
  ['a claim before the told end of a lease', 'doubleLeases', ({ first }) => hold(first, { promisedUntilMs: at(9).getTime() })],
  ['an attempt that was told to two workers', 'doubleLeases', ({ first }) => hold(first, { attempt: 2 })],
  ['an attempt of another worker than was told', 'doubleLeases', ({ job }) => (job.attempts[0]!.workerId = 'w-9')],
  ['an attempt that is not there', 'others', ({ job }) => job.attempts.shift()],
  ['a missing attempt', 'others', ({ job }) => (job.attempts[0]!.attempt = 0)],
  ['an end that was acknowledged and is another', 'others', ({ job }) => (job.attempts[1]!.outcome = 'failed')],
  ['a missing event', 'others', ({ events }) => events.pop()],
  ['time that goes back', 'others', ({ events }) => (events[3]!.at = at(2))],
  ['a job that nobody created', 'others', ({ ledger }) => ledger.created.clear()],
];

describe('the checks of the workers test', () => {
  it('find nothing where nothing is wrong', () => {
    const clean = { doubleLeases: [], lostJobs: [], others: [], failedBecause: {}, completedJobs: 1, attempts: 2, lostAttempts: 1 };
    expect(check(() => undefined)).toEqual(clean);
  });

  it('take no offence at a claim before the told end when the worker had given the job away', () => {
    const found = check(({ first, job, events }) => {
      hold(first, { promisedUntilMs: at(9).getTime(), closing: 'release', closed: true });
      job.attempts[0]!.outcome = 'released';
      events[2]!.type = 'job.released';
    });
    expect(found).toMatchObject({ doubleLeases: [], lostJobs: [], others: [] });
  });

  it.each(faults)('see %s', (_what, where, damage) => {
    expect(check(damage)[where]).not.toEqual([]);
  });
});
