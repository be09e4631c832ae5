/**
 * Documents of the original job service as they lie in its database. Nothing is sure about them: they were written by many versions, without a schema.
 * @see contracts/jobs.md 5
 */
export interface OriginalJob {
  readonly _id: unknown;
  readonly jobId?: unknown;
  readonly status?: unknown;
  readonly parameters?: Readonly<Record<string, unknown>> | null;
  readonly log?: readonly { readonly at?: unknown; readonly message?: unknown }[] | null;
  readonly createdAt?: unknown;
  readonly createdBy?: OriginalUser | null;
}

export interface OriginalUser {
  readonly userId?: unknown;
  readonly firstName?: unknown;
  readonly lastName?: unknown;
}

export interface OriginalTarget {
  readonly _id: unknown;
  readonly name?: unknown;
  readonly lastUpdatedAt?: unknown;
  readonly status?: unknown;
  readonly lastUpdatedBy?: OriginalUser | null;
  readonly action?: unknown;
}

export interface OriginalMaintenance {
  readonly _id: unknown;
  readonly msg?: unknown;
  readonly paused?: unknown;
  readonly timestamp?: unknown;
}

const textOr = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise);

/** The three names of a user, empty where they are missing. */
export const userOf = (user: OriginalUser | null | undefined): { id: string; firstName: string; lastName: string } => ({
  id: textOr(user?.userId, 'unknown'),
  firstName: textOr(user?.firstName, ''),
  lastName: textOr(user?.lastName, ''),
});

/** Anything that may stand where a name should be, for a report. */
export const labelOf = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? 'without a name'));
