import { Option } from 'commander';
import { CommandError, type ExitCode, exitCodes } from '../exit-codes.js';
import type { Invocation } from '../invocation.js';
import { collect, confirmOption, dryRunOption, filterOption, instantOrNone, reasonOption, yesOption } from '../shared-options.js';
import { verb, type Verb } from '../verb.js';
import { type Job, jobLines } from './job-output.js';
import { type BulkAction, runBulk, type SteeringFlags } from './job-bulk.js';

const pathOf = (jobId: string, action = ''): string => `/api/v1/jobs/${encodeURIComponent(jobId)}${action}`;

function print(invocation: Invocation, job: Job): void {
  invocation.printer.one(job, (paint) => jobLines(job, paint));
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
  }: { ids: readonly string[]; flags: SteeringFlags; changes?: object; single: (jobId: string) => Promise<Job> },
): Promise<ExitCode> {
  const [only] = ids;
  if (only === undefined && flags.filter === undefined)
    throw new CommandError(exitCodes.usage, 'Name jobs, or choose them with --filter name=value.');
  if (only !== undefined && flags.filter !== undefined)
    throw new CommandError(exitCodes.usage, 'Name jobs or choose them with --filter, not both.');
  if (ids.length !== 1 || flags.dryRun) return runBulk(invocation, { action, ids, flags, ...(changes && { changes }) });
  print(invocation, await single(only!));
  return exitCodes.done;
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

/** A command that says why and changes nothing else: `jobs release`, `jobs fail`. */
const reasonedVerb = (action: 'release' | 'fail', summary: string): Verb =>
  verb({
    name: action,
    args: '[jobId...]',
    summary,
    options: [reasonOption(), ...manyOptions()],
    examples: [`jobs ${action} $JOB --reason stuck`],
    run: (invocation: Invocation, ids: readonly string[], flags: SteeringFlags) =>
      steer(invocation, action, {
        ids,
        flags,
        single: (jobId) => invocation.request<Job>('POST', pathOf(jobId, `/${action}`), { body: { reason: flags.reason } }),
      }),
  });

/** `jobs cancel`, `release`, `fail`, `edit`, each for one job, several, or those of a filter. */
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
      steer(invocation, 'cancel', { ids, flags, single: (jobId) => cancelOne(invocation, jobId, flags) }),
  }),
  reasonedVerb('release', 'Put running jobs back into the queue; whoever holds one loses it.'),
  reasonedVerb('fail', 'End running jobs as failed; whoever holds one loses it.'),
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
        single: (jobId) => invocation.request<Job>('PATCH', pathOf(jobId), { body: changes, ...headers }),
      });
    },
  }),
];
