export { createClient, type Call, type ClientOptions, type Query, type SignalboxClient } from './signalbox-client.js';
export { type EventFilter, type SignalboxEvent, type StreamMessage } from './event-stream.js';
export { type ItemOf, type ListPath, type ListQuery, type Page } from './pages.js';
export {
  ConflictError,
  ForbiddenError,
  InvalidRequestError,
  LeaseLostError,
  NoAnswerError,
  NotFoundError,
  PreconditionError,
  type Problem,
  ProblemError,
  UnauthenticatedError,
  UnavailableError,
} from './problems.js';
export { type RetryPolicy } from './retries.js';
export { JobFailure, JobRun, RunStopped, Snooze } from './worker/job-run.js';
export { type JobHandler, runWorker, type WorkerNotice, type WorkerOptions } from './worker/worker.js';
export { type Job, type Progress, type RunResult, type WorkerIdentity } from './worker/worker-protocol.js';
export type { components, paths } from './openapi.types.js';
