import { Option } from 'commander';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { positiveInteger } from '../global-flags.js';
import type { Invocation } from '../invocation.js';
import { collect, dryRunOption, instant, jsonObject, waitOption } from '../shared-options.js';
import { verb, type Verb } from '../verb.js';
import { exitCodeOfJob, followJob } from '../waiting/job-progress.js';
import { type Job, jobLines } from './job-output.js';

interface CreateFlags {
  readonly wait?: true;
  readonly dryRun?: true;
  readonly dataset: string;
  readonly tag?: readonly string[];
  readonly idempotencyKey?: string;
}

/** Prints a new job, or waits for its end first. */
async function printOrWait(invocation: Invocation, created: Job, wait: boolean): Promise<ExitCode> {
  if (wait) {
    invocation.printer.note(`Job ${created.jobId} is created.`);
    return exitCodeOfJob(await followJob(invocation, created.jobId));
  }
  invocation.printer.one(created, (paint) => jobLines(created, paint));
  return exitCodes.done;
}

async function create(invocation: Invocation, flags: CreateFlags): Promise<ExitCode> {
  const { wait, dryRun, dataset, tag, idempotencyKey, ...rest } = flags;
  const body = { datasetName: dataset, ...rest, ...(tag && { tags: tag }) };
  if (dryRun) {
    invocation.printer.note('This would be sent:');
    invocation.printer.one(body);
    return exitCodes.done;
  }
  const headers = idempotencyKey ? { headers: { 'idempotency-key': idempotencyKey } } : {};
  return printOrWait(invocation, await invocation.request<Job>('POST', '/api/v1/jobs', { body, ...headers }), wait === true);
}

/** Flags of `jobs retry` for one job. */
export interface RetryFlags {
  readonly reason?: string;
  readonly parameters?: object;
  readonly wait?: true;
}

/** Makes a new job like one that has ended, and prints it or waits for its end. */
export async function retryJob(invocation: Invocation, jobId: string, flags: RetryFlags): Promise<ExitCode> {
  const { reason, parameters, wait } = flags;
  const body = { reason, ...(parameters && { parameters }) };
  const created = await invocation.request<Job>('POST', `/api/v1/jobs/${encodeURIComponent(jobId)}/retry`, { body });
  return printOrWait(invocation, created, wait === true);
}

/** `jobs create`. */
export const jobCreationVerbs: readonly Verb[] = [
  verb({
    name: 'create',
    summary: 'Create a job; with --wait exit 8 when it fails.',
    options: [
      new Option('--dataset <name>', 'the dataset').makeOptionMandatory(),
      new Option('--operation <name>', 'such as ADD').makeOptionMandatory(),
      new Option('--parameters <json>', 'a JSON object, or @FILE').argParser(jsonObject),
      new Option('--priority <priority>', 'how early it is claimed').choices(['low', 'normal', 'high']),
      new Option('--not-before <instant>', 'not claimed before, such as 2026-06-11T18:00:00Z or +2h').argParser(instant),
      new Option('--due-at <instant>', 'overdue after that').argParser(instant),
      new Option('--tag <text>', 'may be repeated').argParser(collect),
      new Option('--max-failures <n>', 'failures after which it has failed').argParser(positiveInteger),
      new Option('--run-budget-seconds <n>', 'longest run').argParser(positiveInteger),
      new Option('--trace-id <uuid>', 'the trace that it belongs to'),
      new Option('--on-conflict <what>', 'when the dataset has an active job: an error, or that job').choices(['refuse', 'return']),
      new Option('--idempotency-key <key>', 'the same key makes no second job (default: a new one)'),
      dryRunOption(),
      waitOption(),
    ],
    examples: [
      'jobs create --dataset ROAD_TRAFFIC --operation ADD',
      'jobs create --dataset RAIL_FREIGHT --operation SET_STATUS --parameters \'{"releaseStatus":"DRAFT"}\' --on-conflict return --json',
      'jobs create --dataset AIR_TRAVEL --operation ADD --priority high --tag nightly --dry-run',
    ],
    run: (invocation, _args, flags: CreateFlags) => create(invocation, flags),
  }),
];
