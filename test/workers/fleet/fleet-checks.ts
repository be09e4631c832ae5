import type { Closing, FleetLedger, Hold } from './fleet-ledger.js';

/** One attempt as it is stored. */
interface StoredAttempt {
  readonly attempt: number;
  readonly workerId: string | null;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  readonly outcome: string | null;
}

interface StoredChange {
  readonly version: number;
  readonly at: Date;
  readonly type: string;
}

/** What the checks read of a stored job. */
export interface StoredJob {
  readonly _id: string;
  readonly status: string;
  readonly version: number;
  readonly attempt: number;
  readonly error: { readonly code: string } | null;
  readonly attempts: readonly StoredAttempt[];
  readonly outbox: readonly StoredChange[];
}

/** Everything that is stored at the end of a run. */
export interface FleetStore {
  readonly inProgress: readonly StoredJob[];
  readonly completed: readonly StoredJob[];
  /** Relayed changes, by job. */
  readonly events: ReadonlyMap<string, readonly StoredChange[]>;
}

/** What a run came to. */
export interface FleetFindings {
  /** Moments at which a job was in two hands. */
  readonly doubleLeases: readonly string[];
  /** Jobs that were acknowledged and are not there, or not done. */
  readonly lostJobs: readonly string[];
  /** Other broken promises. */
  readonly others: readonly string[];
  /** Failed jobs, by reason. */
  readonly failedBecause: Readonly<Record<string, number>>;
  readonly completedJobs: number;
  readonly attempts: number;
  readonly lostAttempts: number;
}

/** How an attempt may stand in the job when its worker's closing call was acknowledged. */
const outcomeOf: Record<Closing, string> = { complete: 'completed', fail: 'failed', snooze: 'snoozed', release: 'released' };
const kept = 20;
const leaving = new Set(['lost', 'retrying', 'snoozed', 'released', 'completed', 'failed', 'cancelled'].map((name) => `job.${name}`));

class Findings {
  readonly doubleLeases: string[] = [];
  readonly lostJobs: string[] = [];
  readonly others: string[] = [];
}

/** Compares what the workers were told with what is stored, by the database's times alone. */
export function checkFleet(ledger: FleetLedger, store: FleetStore): FleetFindings {
  const findings = new Findings();
  const holds = groupsOf(ledger.holds, ({ jobId }) => jobId);
  const stored = [...store.inProgress, ...store.completed];
  const byId = groupsOf(stored, ({ _id }) => _id);
  for (const id of ledger.created) {
    const [job, ...others] = byId.get(id) ?? [];
    if (!job || others.length > 0) findings.lostJobs.push(`job ${id} was acknowledged and exists ${job ? 2 : 0} times`);
    else checkJob(job, { holds: holds.get(id) ?? [], events: store.events.get(id) ?? [] }, findings);
  }
  for (const { _id } of stored) if (!ledger.created.has(_id)) findings.others.push(`job ${_id} is there, but nobody created it`);
  const ended = store.completed.flatMap(({ attempts }) => attempts);
  return {
    ...findings,
    others: [...ledger.violations, ...findings.others],
    failedBecause: countsOf(store.completed.flatMap(({ status, error }) => (status === 'failed' ? [error?.code ?? 'no reason'] : []))),
    completedJobs: store.completed.filter(({ status }) => status === 'completed').length,
    attempts: ended.length,
    lostAttempts: ended.filter(({ outcome }) => outcome === 'lost').length,
  };
}

function groupsOf<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

const countsOf = (words: readonly string[]): Record<string, number> =>
  Object.fromEntries([...groupsOf(words, (word) => word)].map(([word, { length }]) => [word, length]));

function checkJob(
  job: StoredJob,
  { holds, events }: { holds: readonly Hold[]; events: readonly StoredChange[] },
  findings: Findings,
): void {
  const done = job.status === 'completed' || (job.status === 'failed' && job.error !== null);
  if (!done) findings.lostJobs.push(`job ${job._id} is ${job.status}${job.status === 'failed' ? ' without a reason' : ''}`);
  checkAttempts(job, findings);
  checkChanges(job, events, findings);
  checkHolds(job, holds, findings);
}

/** Attempts follow each other: each has ended before the next one starts. */
function checkAttempts({ _id, attempt, attempts }: StoredJob, { doubleLeases, others }: Findings): void {
  attempts.forEach((each, index) => {
    const next = attempts[index + 1];
    const until = next?.startedAt ?? null;
    if (!each.endedAt || !each.outcome) others.push(`attempt ${each.attempt} of job ${_id} has not ended`);
    else if (each.endedAt < each.startedAt) others.push(`attempt ${each.attempt} of job ${_id} ended before it began`);
    if (until && (!each.endedAt || each.endedAt > until))
      doubleLeases.push(`attempts ${each.attempt} and ${next!.attempt} of job ${_id} overlap`);
    if (each.attempt !== attempt - (attempts.length - 1 - index)) others.push(`job ${_id} lacks an attempt before ${each.attempt}`);
  });
}

/** The same from the events: between two claims there is exactly one change that takes the job out of its worker's hands, and time does not go back. */
function checkChanges({ _id, version, outbox }: StoredJob, events: readonly StoredChange[], { doubleLeases, others }: Findings): void {
  const changes = new Map([...outbox, ...events].map((change) => [change.version, change]));
  if (changes.size !== version) others.push(`job ${_id} has ${changes.size} events for its ${version} versions`);
  const inOrder = [...changes.values()].sort((a, b) => a.version - b.version);
  let held = false;
  inOrder.forEach(({ type, at, version: number }, index) => {
    const previous = inOrder[index - 1];
    if (previous && previous.at > at) others.push(`version ${number} of job ${_id} is earlier than the one before it`);
    if (type === 'job.claimed' && held) doubleLeases.push(`job ${_id} was claimed in version ${number} while it was held`);
    if (leaving.has(type) && !held) others.push(`job ${_id} left a worker in version ${number} that nobody was`);
    if (type === 'job.claimed') held = true;
    if (leaving.has(type)) held = false;
  });
}

/** What workers were told: nobody else has a job before the told end of its lease, and what was acknowledged is stored. */
function checkHolds({ _id, attempt: newest, attempts }: StoredJob, holds: readonly Hold[], { doubleLeases, others }: Findings): void {
  const byNumber = new Map(attempts.map((each) => [each.attempt, each]));
  const seen = new Set<number>();
  for (const { attempt, workerId, promisedUntilMs, closing, closed } of holds) {
    if (seen.has(attempt)) doubleLeases.push(`attempt ${attempt} of job ${_id} was handed out twice`);
    seen.add(attempt);
    const own = byNumber.get(attempt);
    if (!own && attempt > newest - kept) others.push(`attempt ${attempt} of job ${_id}, of ${workerId}, was acknowledged and is not there`);
    if (own && own.workerId !== workerId) doubleLeases.push(`attempt ${attempt} of job ${_id} is that of ${own.workerId}, not ${workerId}`);
    const next = byNumber.get(attempt + 1);
    if (!closing && next && next.startedAt.getTime() < promisedUntilMs)
      doubleLeases.push(`attempt ${attempt + 1} of job ${_id} began before the lease of attempt ${attempt} ended`);
    if (closing && closed && own && own.outcome !== outcomeOf[closing])
      others.push(`attempt ${attempt} of job ${_id} ended as ${own.outcome}, though ${closing} was acknowledged`);
  }
}
