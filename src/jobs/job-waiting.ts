import type { JobDocument } from './jobs.schema.js';

/** Seconds from when a job could start to when it did, all by the database's clock. */
export function waitedSeconds({ notBefore, createdAt }: Pick<JobDocument, 'notBefore' | 'createdAt'>, startedAt: Date): number {
  const since = Math.max(createdAt.getTime(), notBefore?.getTime() ?? 0);
  return Math.max(0, (startedAt.getTime() - since) / 1_000);
}
