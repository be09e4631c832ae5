import { Option } from 'commander';
import type { Invocation, ListFlags } from '../invocation.js';
import { ago, visible } from '../output/text.js';
import { allOption, collect, filterOption, type Filters, limitOption, listOptions } from '../shared-options.js';
import { verb, type Verb } from '../verb.js';
import { exitCodeOfJob, followJob } from '../waiting/job-progress.js';
import { type Job, jobColumns, jobLines } from './job-output.js';

interface JobListFlags extends ListFlags {
  readonly filter?: Filters;
  readonly status?: readonly string[];
  readonly operation?: readonly string[];
  readonly dataset?: readonly string[];
  readonly sort?: string;
}

const jobPath = (jobId: string | undefined, part = ''): string => `/api/v1/jobs/${encodeURIComponent(jobId ?? '')}${part}`;

function listJobs(invocation: Invocation, { limit, all, filter, ...named }: JobListFlags): Promise<void> {
  const query = { ...filter, ...named };
  return invocation.list('/api/v1/jobs', {
    ...(limit && { limit }),
    ...(all && { all }),
    query,
    columns: jobColumns,
    empty: 'No job fits.',
  });
}

async function logs(invocation: Invocation, [jobId]: readonly string[], flags: ListFlags): Promise<void> {
  const columns = [
    { title: 'AT', path: 'at' },
    { title: 'MESSAGE', path: 'message' },
  ];
  const most: ListFlags = flags.limit ? { limit: flags.limit } : { all: true };
  await invocation.list(jobPath(jobId, '/log'), { ...most, columns, empty: 'The log is empty.' });
}

interface Explanation {
  readonly sentences: readonly string[];
  readonly facts: object;
}

/** `jobs list`, `get`, `watch`, `logs`, `explain`. */
export const jobReadingVerbs: readonly Verb[] = [
  verb({
    name: 'list',
    summary: 'List jobs, newest first.',
    options: [
      new Option('--status <status>', 'queued, running, completed, failed or cancelled; may be repeated').argParser(collect),
      new Option('--operation <name>', 'such as ADD; may be repeated').argParser(collect),
      new Option('--dataset <name>', 'may be repeated').argParser(collect),
      filterOption(),
      new Option('--sort <order>', 'the order').choices(['-createdAt', 'createdAt', '-finishedAt']),
      ...listOptions(),
    ],
    examples: [
      'jobs list --status running',
      'jobs list --filter status=failed --filter finishedAfter=2026-01-01T00:00:00Z --json',
      'jobs list --all --plain --fields jobId,status',
    ],
    run: (invocation, _args, flags: JobListFlags) => listJobs(invocation, flags),
  }),
  verb({
    name: 'get',
    args: '<jobId>',
    summary: 'Show one job; --json has its history too.',
    examples: ['jobs get $JOB', 'jobs get $JOB --plain --fields status'],
    run: async (invocation, [jobId]) => {
      const job = await invocation.request<Job>('GET', jobPath(jobId));
      invocation.printer.one(job, (paint) => jobLines(job, paint));
    },
  }),
  verb({
    name: 'watch',
    args: '<jobId>',
    summary: 'Follow a job until it has ended; exit 8 when it failed or was cancelled. Ctrl-C ends the watching, not the job.',
    examples: ['jobs watch $JOB --timeout 600'],
    run: async (invocation, [jobId]) => exitCodeOfJob(await followJob(invocation, jobId!)),
  }),
  verb({
    name: 'logs',
    args: '<jobId>',
    summary: 'Print the log of a job.',
    options: [limitOption(), allOption()],
    examples: ['jobs logs $JOB'],
    run: (invocation, args, flags: ListFlags) => logs(invocation, args, flags),
  }),
  verb({
    name: 'explain',
    args: '<jobId>',
    summary: 'Say why a job is where it is.',
    examples: ['jobs explain $JOB'],
    run: async (invocation, [jobId]) => {
      const answer = await invocation.request<Explanation>('GET', jobPath(jobId, '/explain'));
      invocation.printer.one(answer, () => answer.sentences.map(visible));
    },
  }),
  verb({
    name: 'history',
    args: '<jobId>',
    summary: 'List the changes of a job, newest first.',
    options: listOptions(),
    examples: ['jobs history $JOB'],
    run: (invocation, [jobId], flags: ListFlags) =>
      invocation.list(jobPath(jobId, '/events'), {
        ...flags,
        columns: [
          { title: 'AT', path: 'at', show: ({ at }) => ago(at) },
          { title: 'TYPE', path: 'type' },
          { title: 'FROM', path: 'from' },
          { title: 'TO', path: 'to' },
          { title: 'BY', path: 'actor.name' },
          { title: 'REASON', path: 'reason' },
        ],
      }),
  }),
];
