import { Schema } from 'mongoose';
import type { Versioned } from '../database/change.js';
import { outboxIndex, schemaOptions, versionedPaths } from '../database/schema-options.js';
import type { JobParameters, JobPhase, JobStatus, Priority } from './jobs-lifecycle.js';

/** One line of a job's log. */
export interface JobLogLine {
  readonly at: Date;
  readonly message: string;
}

export const attemptOutcomes = ['completed', 'failed', 'lost', 'snoozed', 'released', 'cancelled'] as const;
export type AttemptOutcome = (typeof attemptOutcomes)[number];

/** One run of a job. */
export interface JobAttempt {
  readonly attempt: number;
  /** Null for a worker of the original, which does not say who it is. */
  readonly workerId: string | null;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  readonly outcome: AttemptOutcome | null;
  readonly error: JobError | null;
  /** First and newest phases, in order; a phase ends where the next begins, the last with the attempt. */
  readonly phases: readonly PhaseStart[];
  /** Fingerprint of the lease token, which tells a fenced worker what became of its own attempt; null without a lease. */
  readonly leaseMark: string | null;
}

/** When a running job entered a phase. */
export interface PhaseStart {
  readonly phase: JobPhase;
  readonly at: Date;
}

export interface JobError {
  readonly code: string;
  readonly message: string;
  /** JSON text of what the worker added; null without. */
  readonly details: string | null;
}

/** Who asked for a job: the three names of the original; `id` is its `userId`. */
export interface JobCreator {
  readonly id: string;
  readonly firstName: string;
  readonly lastName: string;
}

/** A job as it is stored, in `inprogress` or `completed`. */
export interface JobDocument extends Versioned {
  readonly _id: string;
  readonly datasetName: string;
  readonly operation: string;
  readonly parameters: JobParameters;
  /** JSON text of the parameters of an operation beside the nine; null for the nine. */
  readonly extraParameters: string | null;
  readonly status: JobStatus;
  readonly phase: JobPhase | null;
  readonly percent: number | null;
  readonly priority: Priority;
  /** When it is its turn to be claimed: `notBefore` or `createdAt`, moved by priority. */
  readonly rank: Date;
  readonly notBefore: Date | null;
  readonly dueAt: Date | null;
  /** Milliseconds under maintenance before the due time was set: only what is behind them does not count against it. */
  readonly duePausedMs: number;
  readonly tags: readonly string[];
  readonly attempt: number;
  readonly failures: number;
  readonly losses: number;
  readonly snoozes: number;
  readonly maxFailures: number;
  readonly maxLosses: number;
  readonly runBudgetSeconds: number | null;
  readonly lease: JobLease | null;
  readonly cancelRequested: CancelRequest | null;
  readonly error: JobError | null;
  /** JSON texts of what workers left: for the next attempt, the outcome, and what was read and written. */
  readonly checkpoint: string | null;
  readonly result: string | null;
  readonly inputs: string | null;
  readonly outputs: string | null;
  /** Fingerprint of the worker's call that ended the last attempt, so that its repeat is recognised. */
  readonly closingCall: string | null;
  /** The one attempt to end the job that succeeded; only finished jobs have it. */
  readonly endId?: string;
  /** How often workers of the original put it back from running to queued. */
  readonly compatRequeues: number;
  /** The due time for which it has been told that it passed. */
  readonly overdueTold: Date | null;
  /** The last sign of life after which it has been told that the job is silent. */
  readonly staleTold: Date | null;
  /** Newest 20, oldest first. */
  readonly attempts: readonly JobAttempt[];
  readonly retryOf: string | null;
  readonly traceId: string | null;
  readonly createdBy: JobCreator;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly log: readonly JobLogLine[];
  /** UTF-8 bytes of the log's messages; more than its limit once the log is full. */
  readonly logBytes: number;
}

/** The claim of a worker on a job. */
export interface JobLease {
  readonly workerId: string;
  readonly claimedAt: Date;
  readonly heartbeatAt: Date;
  readonly expiresAt: Date;
  /** The fencing token: only who knows it may go on with the job. Never shown but to the claimer. */
  readonly token: string;
  readonly seconds: number;
  /** The claimer's own name for the claim, bound to the claimer; null where it gave none. */
  readonly claimId: string | null;
  /** Lines that this attempt's worker has sent. */
  readonly logLines: number;
  /** The progress that the last event told of. */
  readonly percentTold: number;
  /** When the run budget is spent, if there is no maintenance meanwhile; null without one. */
  readonly budgetEndsAt: Date | null;
  /** Milliseconds under maintenance before the claim: only what is behind them does not count against the budget. */
  readonly pausedMs: number;
  /** True once the lease was prolonged because too many ended at once: its loss is not counted. */
  readonly excused: boolean;
  /** True once a repeat of its claim was answered with it: nobody gives the job back then as never handed out. */
  readonly told?: boolean;
}

/** Somebody's wish that a running job ends. */
export interface CancelRequest {
  readonly at: Date;
  readonly by: string;
  readonly reason: string;
}

const errorSchema = new Schema<JobError>({ code: String, message: String, details: String }, { ...schemaOptions, _id: false });
const leasePaths = {
  workerId: String,
  claimedAt: Date,
  heartbeatAt: Date,
  expiresAt: Date,
  token: String,
  seconds: Number,
  claimId: String,
  logLines: Number,
  percentTold: Number,
  budgetEndsAt: Date,
  pausedMs: Number,
  excused: Boolean,
  told: Boolean,
};
const attemptPaths = {
  _id: false,
  attempt: Number,
  workerId: String,
  startedAt: Date,
  endedAt: Date,
  outcome: String,
  error: { type: errorSchema },
  phases: [{ _id: false, phase: String, at: Date }],
  leaseMark: String,
};

const jobPaths = {
  _id: { type: String, required: true },
  ...versionedPaths,
  datasetName: { type: String, required: true },
  operation: { type: String, required: true },
  parameters: {
    releaseStatus: String,
    description: String,
    bumpFromVersion: String,
    bumpToVersion: String,
    bumpManifesto: {
      version: String,
      description: String,
      releaseTime: Number,
      languageCode: String,
      updateType: String,
      dataStructureUpdates: [{ _id: false, name: String, description: String, operation: { type: String }, releaseStatus: String }],
    },
  },
  extraParameters: String,
  status: { type: String, required: true },
  phase: String,
  percent: Number,
  priority: { type: String, required: true },
  rank: { type: Date, required: true },
  notBefore: Date,
  dueAt: Date,
  duePausedMs: Number,
  tags: [String],
  attempt: Number,
  failures: Number,
  losses: Number,
  snoozes: Number,
  maxFailures: Number,
  maxLosses: Number,
  runBudgetSeconds: Number,
  lease: { type: new Schema(leasePaths, { ...schemaOptions, _id: false }) },
  cancelRequested: { type: new Schema({ at: Date, by: String, reason: String }, { ...schemaOptions, _id: false }) },
  error: { type: errorSchema },
  checkpoint: String,
  result: String,
  inputs: String,
  outputs: String,
  closingCall: String,
  endId: String,
  compatRequeues: Number,
  overdueTold: Date,
  staleTold: Date,
  attempts: [attemptPaths],
  retryOf: String,
  traceId: String,
  createdBy: { id: String, firstName: String, lastName: String },
  createdAt: { type: Date, required: true },
  updatedAt: { type: Date, required: true },
  startedAt: Date,
  finishedAt: Date,
  log: [{ _id: false, at: Date, message: String }],
  logBytes: Number,
};

const manifestoName = 'parameters.bumpManifesto.dataStructureUpdates.name';

/** Indexes that lists need in both collections. */
function addListIndexes(schema: Schema<JobDocument>): void {
  // Lists by creation: all, and by each of the filters that the bench bounds.
  schema.index({ createdAt: 1, _id: 1 }, { name: 'created' });
  schema.index({ status: 1, createdAt: 1, _id: 1 }, { name: 'status_created' });
  schema.index({ operation: 1, createdAt: 1, _id: 1 }, { name: 'operation_created' });
  schema.index({ datasetName: 1, createdAt: 1, _id: 1 }, { name: 'dataset_created' });
  // Jobs that belong to a trace.
  schema.index({ traceId: 1, createdAt: 1, _id: 1 }, { name: 'trace_created', partialFilterExpression: { traceId: { $gt: '' } } });
  // The relay.
  schema.index(...outboxIndex);
}

const inProgressSchema = new Schema<JobDocument>(jobPaths, { ...schemaOptions, collection: 'inprogress' });
// One unfinished job for a dataset.
inProgressSchema.index({ datasetName: 1 }, { name: 'one_job_per_dataset', unique: true });
// Claims, in the order of their turn.
inProgressSchema.index({ status: 1, operation: 1, rank: 1, _id: 1 }, { name: 'claim' });
// A repeated claim.
inProgressSchema.index(
  { 'lease.claimId': 1 },
  { name: 'claim_id', unique: true, partialFilterExpression: { 'lease.claimId': { $type: 'string' } } },
);
// Ended leases and spent run budgets.
inProgressSchema.index({ status: 1, 'lease.expiresAt': 1 }, { name: 'lease_end' });
// Jobs past their due time.
inProgressSchema.index({ dueAt: 1 }, { name: 'due', partialFilterExpression: { dueAt: { $type: 'date' } } });
// The polls of the original's workers: one status, some operations, in order of creation.
inProgressSchema.index({ status: 1, operation: 1, createdAt: 1, _id: 1 }, { name: 'poll' });
// Jobs whose manifesto names a dataset.
inProgressSchema.index({ [manifestoName]: 1, createdAt: 1, _id: 1 }, { name: 'manifesto_created' });
addListIndexes(inProgressSchema);

const completedSchema = new Schema<JobDocument>(jobPaths, { ...schemaOptions, collection: 'completed' });
// Newest ends: all, of one dataset, of one outcome; backwards the order of completion.
completedSchema.index({ finishedAt: -1, _id: -1 }, { name: 'finished' });
completedSchema.index({ datasetName: 1, finishedAt: -1, _id: -1 }, { name: 'dataset_finished' });
completedSchema.index({ status: 1, finishedAt: -1, _id: -1 }, { name: 'status_finished' });
completedSchema.index({ operation: 1, finishedAt: -1, _id: -1 }, { name: 'operation_finished' });
// Jobs whose manifesto named a dataset, in the order of completion.
completedSchema.index({ [manifestoName]: 1, finishedAt: -1, _id: -1 }, { name: 'manifesto_finished' });
completedSchema.index({ [manifestoName]: 1, createdAt: 1, _id: 1 }, { name: 'manifesto_created' });
addListIndexes(completedSchema);

export const inProgressModel = { name: 'InProgressJob', schema: inProgressSchema };
export const completedModel = { name: 'CompletedJob', schema: completedSchema };
export { manifestoName };
