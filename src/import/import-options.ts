/** A database by address and name. */
export interface DatabasePlace {
  readonly url: string;
  readonly database: string;
}

/** What an import reads and writes, and how. */
export interface ImportOptions {
  readonly source: DatabasePlace;
  readonly target: DatabasePlace;
  /** Time zone of the original's service. */
  readonly zone: string;
  /** Reads both, writes nothing. */
  readonly dryRun: boolean;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}
