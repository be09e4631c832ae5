import { type ExitCode, exitCodes } from '../exit-codes.js';
import type { Invocation } from '../invocation.js';
import { visible } from '../output/text.js';
import type { Job } from '../commands/job-output.js';
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

/** Waits until a job has ended, with its progress on stderr. */
export async function followJob(invocation: Invocation, jobId: string): Promise<Job> {
  const line = new ProgressLine(invocation);
  const path = `/api/v1/jobs/${encodeURIComponent(jobId)}`;
  await invocation.request<Job>('GET', path); // an unknown job is told at once
  try {
    return await waitUntil(invocation, {
      filter: { topic: ['job'], subject: `jobs/${jobId}` },
      read: () => invocation.request<Job>('GET', path),
      done: ({ status }) => finals.includes(status),
      onValue: (job) => line.show(lineOf(job)),
      what: `job ${jobId}`,
    });
  } finally {
    line.end();
  }
}

/** Whether the job that was waited for went well. */
export const exitCodeOfJob = ({ status }: Job): ExitCode => (status === 'completed' ? exitCodes.done : exitCodes.jobNotCompleted);
