/** What an import is about. */
export type ImportedKind = 'job' | 'target' | 'maintenance';

/** Something that could not be taken, or that was taken with a change. */
export interface ImportRemark {
  readonly kind: ImportedKind;
  /** The job's id, the target's name, or the record's time. */
  readonly id: string;
  readonly reason: string;
}

/** How many were found in the source, and what became of them. */
export interface ImportCounts {
  found: number;
  /** New here. */
  taken: number;
  /** Taken before, and different in the source since. */
  updated: number;
  /** Here already. */
  unchanged: number;
  refused: number;
}

/** The result of an import. */
export interface ImportReport {
  readonly dryRun: boolean;
  readonly jobs: ImportCounts;
  readonly targets: ImportCounts;
  readonly maintenance: ImportCounts;
  readonly refused: readonly ImportRemark[];
  /** What was taken, but not as it stands in the source. */
  readonly notes: readonly ImportRemark[];
}

const plurals = { job: 'jobs', target: 'targets', maintenance: 'maintenance' } as const;

/** Collects the report while the import runs. */
export class ImportLedger {
  private readonly counts: Record<'jobs' | 'targets' | 'maintenance', ImportCounts> = {
    jobs: { found: 0, taken: 0, updated: 0, unchanged: 0, refused: 0 },
    targets: { found: 0, taken: 0, updated: 0, unchanged: 0, refused: 0 },
    maintenance: { found: 0, taken: 0, updated: 0, unchanged: 0, refused: 0 },
  };
  private readonly refused: ImportRemark[] = [];
  private readonly notes: ImportRemark[] = [];

  constructor(private readonly dryRun: boolean) {}

  /** Counts one document of the source. */
  found(kind: ImportedKind): void {
    this.counts[plurals[kind]].found++;
  }

  /** Notes what became of it. */
  done(kind: ImportedKind, what: 'taken' | 'updated' | 'unchanged'): void {
    this.counts[plurals[kind]][what]++;
  }

  refuse(kind: ImportedKind, id: string, reason: string): void {
    this.counts[plurals[kind]].refused++;
    this.refused.push({ kind, id, reason });
  }

  note(kind: ImportedKind, id: string, reason: string): void {
    this.notes.push({ kind, id, reason });
  }

  report(): ImportReport {
    return { dryRun: this.dryRun, ...this.counts, refused: this.refused, notes: this.notes };
  }
}
