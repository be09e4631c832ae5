import { Option } from 'commander';
import { CommandError, type ExitCode, exitCodes } from '../exit-codes.js';
import type { Invocation } from '../invocation.js';
import {
  collect,
  confirmOption,
  dryRunOption,
  filterOption,
  instantOrNone,
  jsonObject,
  reasonOption,
  waitOption,
  yesOption,
} from '../shared-options.js';
import { verb, type Verb } from '../verb.js';
import { type RetryFlags, retryJob } from './job-creation.js';
import { type Job, jobLines } from './job-output.js';
import { type BulkAction, runBulk, type SteeringFlags } from './job-bulk.js';

const pathOf = (jobId: string, action = ''): string => `/api/v1/jobs/${encodeURIComponent(jobId)}${action}`;

/** Makes the call that changes one job, and prints the job. */
async function change(invocation: Invocation, call: Promise<Job>): Promise<ExitCode> {
  const job = await call;
  invocation.printer.one(job, (paint) => jobLines(job, paint));
  return exitCodes.done;
}

/** One job goes by its own route; several, or a filter, are a bulk change. @param single the change of one job */
async function steer(
  invocation: Invocation,
  action: BulkAction,
  {
    ids,
    flags,
    changes,
    single,
  }: { ids: readonly string[]; flags: SteeringFlags; changes?: object; single: (jobId: string) => Promise<ExitCode> },
): Promise<ExitCode> {
  const [only] = ids;
  if (only === undefined && flags.filter === undefined)
    throw new CommandError(exitCodes.usage, 'Name jobs, or choose them with --filter name=value.');
  if (only !== undefined && flags.filter !== undefined)
    throw new CommandError(exitCodes.usage, 'Name jobs or choose them with --filter, not both.');
  if (ids.length !== 1 || flags.dryRun) return runBulk(invocation, { action, ids, flags, ...(changes && { changes }) });
  return single(only!);
}

async function cancelOne(invocation: Invocation, jobId: string, { reason, force, confirm }: SteeringFlags): Promise<Job> {
  if (force) {
    const { datasetName } = await invocation.request<Job>('GET', pathOf(jobId));
    if (confirm !== undefined && confirm !== datasetName)
      throw new CommandError(exitCodes.usage, `The job's dataset is ${datasetName}, not ${confirm}. Nothing was done.`);
    await invocation.confirm(`Cancelling job ${jobId} of ${datasetName} now takes it from a worker that may still write.`, {
      yes: confirm === datasetName,
      flag: `--confirm ${datasetName}`,
    });
  }
  return invocation.request<Job>('POST', pathOf(jobId, '/cancel'), { body: { reason, ...(force && { force }) } });
}

interface EditFlags extends SteeringFlags {
  readonly priority?: string;
  readonly notBefore?: string | null;
  readonly dueAt?: string | null;
  readonly tag?: readonly string[];
  readonly clearTags?: true;
  readonly ifVersion?: string;
}

function changesOf({ priority, notBefore, dueAt, tag, clearTags }: EditFlags): object {
  const tags = clearTags ? [] : tag;
  const changes = {
    ...(priority && { priority }),
    ...(notBefore !== undefined && { notBefore }),
    ...(dueAt !== undefined && { dueAt }),
    ...(tags && { tags }),
  };
  if (Object.keys(changes).length === 0)
    throw new CommandError(exitCodes.usage, 'Say what to change: --priority, --not-before, --due-at or --tag.');
  return changes;
}

const manyOptions = (): Option[] => [
  filterOption(),
  dryRunOption(),
  yesOption(),
  confirmOption('repeat the number of jobs, when they are more than 100'),
];

const operatorsCall = (
  invocation: Invocation,
  jobId: string,
  { action, reason }: { action: 'release' | 'fail'; reason: string | undefined },
): Promise<ExitCode> => change(invocation, invocation.request<Job>('POST', pathOf(jobId, `/${action}`), { body: { reason } }));

/** @throws CommandError for what makes sense for one job only */
function retry(invocation: Invocation, ids: readonly string[], flags: SteeringFlags & RetryFlags): Promise<ExitCode> {
  if ((flags.wait || flags.parameters) && (ids.length !== 1 || flags.filter))
    throw new CommandError(exitCodes.usage, '--wait and --parameters are for one job.');
  return steer(invocation, 'retry', { ids, flags, single: (jobId) => retryJob(invocation, jobId, flags) });
}

/** `jobs cancel`, `retry`, `release`, `edit`, each for one job, several, or those of a filter; `fail` for one. */
export const jobSteeringVerbs: readonly Verb[] = [
  verb({
    name: 'cancel',
    args: '[jobId...]',
    summary: 'Cancel jobs: a queued one at once, a running one through its worker.',
    options: [reasonOption(), new Option('--force', 'do not wait for the worker of a running job'), ...manyOptions()],
    examples: [
      'jobs cancel $JOB --reason duplicate',
      'jobs cancel --filter status=queued --filter operation=ADD --reason superseded --dry-run',
    ],
    run: (invocation, ids, flags: SteeringFlags) =>
      steer(invocation, 'cancel', { ids, flags, single: (jobId) => change(invocation, cancelOne(invocation, jobId, flags)) }),
  }),
  verb({
    name: 'retry',
    args: '[jobId...]',
    summary: 'Make new jobs like some that have ended; with --wait exit 8 when it fails again.',
    options: [
      reasonOption(),
      new Option('--parameters <json>', 'other parameters: a JSON object, or @FILE').argParser(jsonObject),
      waitOption(),
      ...manyOptions(),
    ],
    examples: [
      'jobs retry $JOB --reason again',
      'jobs retry --filter status=failed --filter errorCode=LOST_TOO_OFTEN --reason repaired --dry-run',
    ],
    run: (invocation, ids, flags: SteeringFlags & RetryFlags) => retry(invocation, ids, flags),
  }),
  verb({
    name: 'release',
    args: '[jobId...]',
    summary: 'Put running jobs back into the queue; whoever holds one loses it.',
    options: [reasonOption(), ...manyOptions()],
    examples: ['jobs release $JOB --reason stuck'],
    run: (invocation, ids, flags: SteeringFlags) =>
      steer(invocation, 'release', {
        ids,
        flags,
        single: (jobId) => operatorsCall(invocation, jobId, { action: 'release', reason: flags.reason }),
      }),
  }),
  verb({
    name: 'fail',
    args: '<jobId>',
    summary: 'End a running job as failed; whoever holds it loses it.',
    options: [reasonOption()],
    examples: ['jobs fail $JOB --reason stuck'],
    run: (invocation, [jobId], { reason }: { reason: string }) => operatorsCall(invocation, jobId!, { action: 'fail', reason }),
  }),
  verb({
    name: 'edit',
    args: '[jobId...]',
    summary: 'Change priority, times or tags of unfinished jobs.',
    options: [
      new Option('--reason <text>', 'why; needed for more than one job'),
      new Option('--priority <priority>', 'how early it is claimed').choices(['low', 'normal', 'high']),
      new Option('--not-before <instant>', 'an instant, a time from now such as +2h, or none').argParser(instantOrNone),
      new Option('--due-at <instant>', 'an instant, a time from now such as +2h, or none').argParser(instantOrNone),
      new Option('--tag <text>', 'the tags from now on; may be repeated').argParser(collect).conflicts('clearTags'),
      new Option('--clear-tags', 'no tags from now on'),
      new Option('--if-version <n>', 'only if the job still has this version'),
      ...manyOptions(),
    ],
    examples: ['jobs edit $JOB --priority high --due-at +2h'],
    run: (invocation, ids, flags: EditFlags) => {
      const changes = changesOf(flags);
      const headers = flags.ifVersion ? { headers: { 'if-match': `"${flags.ifVersion}"` } } : {};
      return steer(invocation, 'edit', {
        ids,
        flags,
        changes,
        single: (jobId) => change(invocation, invocation.request<Job>('PATCH', pathOf(jobId), { body: changes, ...headers })),
      });
    },
  }),
];
