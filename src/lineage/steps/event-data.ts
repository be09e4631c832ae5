/** What a job's event says of the attempt that it belongs to. */
export interface JobRunData {
  readonly attempt: number;
  readonly runId: string;
  readonly workerId: string | null;
  readonly startedAt: string;
  /** Only in the event of its end. */
  readonly endedAt: string | null;
  readonly outcome: 'completed' | 'failed' | 'lost' | 'snoozed' | 'released' | 'cancelled' | null;
}

/** A dataset that a job's worker says it read or wrote. */
export interface JobDatasetData {
  readonly namespace: string;
  readonly name: string;
  readonly version?: string | null;
}

/** The data of events of the topic `job`, as far as it matters here. */
export interface JobEventData {
  readonly datasetName: string;
  readonly operation: string;
  readonly link: string;
  readonly traceId?: string | null;
  readonly run?: JobRunData | null;
  /** Only of a completed job. */
  readonly inputs?: readonly JobDatasetData[];
  readonly outputs?: readonly JobDatasetData[];
  /** Only of a completed BUMP. */
  readonly released?: { readonly version: string | null; readonly datasets: readonly string[] };
  readonly counts?: { readonly rows: number | null; readonly bytes: number | null; readonly files: number | null };
}

/** The data of events of the topic `trace`: one step that somebody reported to a trace. */
export interface TraceEventData {
  readonly traceId: string;
  /** A UUID; the same for every edition of a step. */
  readonly traceEventId: string;
  readonly component: string;
  readonly operation: string | null;
  /** As they were sent: ISO 8601 by convention, `N/A` at times. */
  readonly startTime: string;
  readonly endTime: string;
  readonly traceStatus: string;
  readonly traceEventStatus: string;
  readonly filesIn: readonly string[];
  readonly filesOut: readonly string[];
  readonly s3Path?: string | null;
  readonly failureMessage?: string | null;
  readonly datasetName: string;
  readonly datasetVersion: string | null;
  readonly link: string;
}
