import type mongoose from 'mongoose';
import { CompatClient, type TargetRow } from '../support/compat-client.js';
import { parseJob } from '../support/strict-job-parser.js';
import type { KillableService } from './killable-service.js';
import { countsOf, possibleStatuses, type Ledger, type TrackedJob } from './ledger.js';

interface StoredChange {
  readonly version: number;
  readonly from: string | null;
  readonly to: string;
}

interface StoredJob {
  readonly _id: string;
  readonly datasetName: string;
  readonly status: string;
  readonly phase: string | null;
  readonly version: number;
  readonly finishedAt: Date | null;
  readonly log: readonly { readonly message: string }[];
  readonly outbox: readonly StoredChange[];
}

interface Snapshot {
  readonly inProgress: readonly StoredJob[];
  readonly completed: readonly StoredJob[];
  /** Changes in `events`, by job. */
  readonly events: ReadonlyMap<string, readonly StoredChange[]>;
  readonly rows: ReadonlyMap<string, TargetRow>;
}

const shownAs = (job: StoredJob): string => {
  if (job.status === 'running') return job.phase ?? 'initiated';
  return job.status === 'cancelled' ? 'failed' : job.status;
};

/**
 * Compares what was acknowledged with what is there, while no client writes: directly in the database and over HTTP. Writes every difference to the
 * ledger, and forgets the finished jobs for which there is none.
 */
export async function checkInvariants(victim: KillableService, ledger: Ledger): Promise<void> {
  const tracked = [...ledger.jobs.values()];
  const snapshot = await victim.withDatabase((connection) => read(connection, victim, tracked));
  const before = ledger.violations.length;
  checkDatasets(snapshot, ledger);
  for (const job of tracked) checkJob(job, snapshot, ledger);
  for (const target of new Set(tracked.map((job) => job.target))) checkRow(target, snapshot, ledger);
  await checkOverHttp(victim, tracked, ledger);
  if (ledger.violations.length === before)
    ledger.settle(tracked.filter((job) => job.acknowledged === job.plan.length).map((job) => job.jobId));
}

async function read(connection: mongoose.Connection, victim: KillableService, tracked: readonly TrackedJob[]): Promise<Snapshot> {
  const ids = tracked.map((job) => job.jobId);
  const targets = [...new Set(tracked.map((job) => job.target))];
  // Documents before events: the relay copies an entry before it removes it.
  const inProgress = await connection.collection<StoredJob>('inprogress').find({}).toArray();
  const completed = await connection
    .collection<StoredJob>('completed')
    .find({ datasetName: { $in: targets } })
    .toArray();
  const events = new Map<string, StoredChange[]>(ids.map((id) => [id, []]));
  for await (const event of connection.collection('events').find({ documentId: { $in: ids } })) {
    events.get(event['documentId'] as string)?.push(event as unknown as StoredChange);
  }
  const rows = await new CompatClient(victim.http).targets();
  return { inProgress, completed, events, rows: new Map(rows.map((row) => [row.name, row])) };
}

/** At most one unfinished job for a dataset, and no job in both collections. */
function checkDatasets({ inProgress, completed }: Snapshot, ledger: Ledger): void {
  const holders = new Map<string, string>();
  for (const job of inProgress) {
    if (holders.has(job.datasetName))
      ledger.violation(`dataset ${job.datasetName} has two jobs: ${holders.get(job.datasetName)}, ${job._id}`);
    holders.set(job.datasetName, job._id);
    if (job.status !== 'queued' && job.status !== 'running')
      ledger.violation(`job ${job._id} blocks its dataset although it is ${job.status}`);
  }
  const unfinished = new Set(inProgress.map((job) => job._id));
  for (const job of completed) if (unfinished.has(job._id)) ledger.violation(`job ${job._id} is in both collections`);
}

function checkJob(job: TrackedJob, snapshot: Snapshot, ledger: Ledger): void {
  const found = [...snapshot.inProgress, ...snapshot.completed].filter((stored) => stored._id === job.jobId);
  const [stored] = found;
  if (!stored || found.length > 1) return ledger.violation(`job ${job.jobId} was acknowledged and exists ${found.length} times`);
  const possible = possibleStatuses(job);
  if (!possible.includes(shownAs(stored))) ledger.violation(`job ${job.jobId} is ${shownAs(stored)}, not ${possible.join(' or ')}`);
  checkLog(job, stored, ledger);
  checkChanges(stored, [...(snapshot.events.get(job.jobId) ?? [])], ledger);
}

/** Every acknowledged line is there, as often as it was acknowledged, and no line more often than it was sent. */
function checkLog(job: TrackedJob, stored: StoredJob, ledger: Ledger): void {
  const [there, acknowledged, sent] = [stored.log.map(({ message }) => message), job.lines, job.linesSent].map(countsOf) as Counts;
  for (const [line, times] of acknowledged)
    if ((there.get(line) ?? 0) < times) ledger.violation(`job ${job.jobId} has lost its acknowledged log line "${line}"`);
  for (const [line, times] of there)
    if (sent.has(line) && times > sent.get(line)!) ledger.violation(`job ${job.jobId} has the log line "${line}" ${times} times`);
}

type Counts = [Map<string, number>, Map<string, number>, Map<string, number>];

/** Exactly one event for each version: in `events`, or still in the outbox; and together they tell the way to the present state. */
function checkChanges(job: StoredJob, events: StoredChange[], ledger: Ledger): void {
  const versions = events.map((event) => event.version);
  if (new Set(versions).size < versions.length) ledger.violation(`job ${job._id} has an event twice`);
  const changes = new Map([...job.outbox, ...events].map((change) => [change.version, change]));
  let state: string | null = null;
  for (let version = 1; version <= job.version; version += 1) {
    const change = changes.get(version);
    if (!change) return ledger.violation(`job ${job._id} has no event for version ${version} of ${job.version}`);
    if (change.from !== state) ledger.violation(`job ${job._id} changed from ${change.from} in version ${version}, but was ${state}`);
    state = change.to;
  }
  if (changes.size > job.version) ledger.violation(`job ${job._id} has events above its version ${job.version}`);
  if (state !== job.status) ledger.violation(`job ${job._id} is ${job.status}, but its last event says ${state}`);
}

/** The row of a target shows its unfinished job, else the one that ended last. */
function checkRow(target: string, { inProgress, completed, rows }: Snapshot, ledger: Ledger): void {
  const active = inProgress.find((job) => job.datasetName === target);
  const ended = completed.filter((job) => job.datasetName === target).sort((a, b) => Number(a.finishedAt) - Number(b.finishedAt));
  const shown = active ?? ended.at(-1);
  const row = rows.get(target);
  if (!shown) return;
  if (row?.status !== shownAs(shown))
    ledger.violation(`the row of ${target} says ${row?.status}, its job ${shown._id} is ${shownAs(shown)}`);
}

/** Clients see every job too, and see it once. */
async function checkOverHttp(victim: KillableService, tracked: readonly TrackedJob[], ledger: Ledger): Promise<void> {
  const compat = new CompatClient(victim.http);
  const listed = (await compat.list()).map((job) => job.jobId);
  if (new Set(listed).size < listed.length) ledger.violation('the list of jobs shows a job twice');
  const known = new Set(listed);
  for (const job of tracked) if (!known.has(job.jobId)) ledger.violation(`the list of jobs lacks ${job.jobId}`);
  for (const job of tracked.slice(-20)) {
    const reply = await victim.http.get(`/jobs/${job.jobId}`);
    const shown = reply.status === 200 ? parseJob(reply.json()).status : `${reply.status} ${reply.text}`;
    if (!possibleStatuses(job).includes(shown)) ledger.violation(`GET /jobs/${job.jobId} shows ${shown}`);
  }
}
