import { type ExitCode, exitCodes } from '../exit-codes.js';
import type { Invocation } from '../invocation.js';
import { visible } from '../output/text.js';
import { type Job, jobLines } from '../commands/job-output.js';
import { ProgressLine } from './progress-line.js';
import { waitUntil } from './wait-until.js';

const barWidth = 20;
const finals: readonly string[] = ['completed', 'failed', 'cancelled'];

const bar = (percent: number): string => {
  const full = Math.round((percent / 100) * barWidth);
  return `${'█'.repeat(full)}${'░'.repeat(barWidth - full)} ${String(percent).padStart(3)} %`;
};

/** How far a job is, in one line. */
function lineOf(job: Job): string {
  const state = job.status === 'running' ? (job.phase ?? 'running') : job.status;
  const worker = job.lease ? ` on ${job.lease.workerId}` : '';
  const attempt = job.attempt > 1 ? `, attempt ${job.attempt}` : '';
  const progress = job.status === 'running' && job.percent !== null ? `${bar(job.percent)}  ` : '';
  return visible(`${job.datasetName} ${job.operation}  ${progress}${state}${worker}${attempt}`);
}

/** Waits until a job has ended, with its progress on stderr, and prints it; also when time is up before. */
export async function followJob(invocation: Invocation, jobId: string): Promise<Job> {
  const line = new ProgressLine(invocation);
  const print = (job: Job) => {
    line.end();
    invocation.printer.one(job, (paint) => jobLines(job, paint));
  };
  const path = `/api/v1/jobs/${encodeURIComponent(jobId)}`;
  const first = await invocation.request<Job>('GET', path); // an unknown job is told at once
  try {
    const job = await waitUntil(invocation, {
      filter: { topic: ['job'], subject: `jobs/${jobId}` },
      first,
      read: () => invocation.request<Job>('GET', path),
      done: ({ status }) => finals.includes(status),
      onValue: (value) => line.show(lineOf(value)),
      onTimeout: print,
      what: `job ${jobId}`,
    });
    print(job);
    return job;
  } finally {
    line.end();
  }
}

/** Whether the job that was waited for went well. */
export const exitCodeOfJob = ({ status }: Job): ExitCode => (status === 'completed' ? exitCodes.done : exitCodes.jobNotCompleted);
