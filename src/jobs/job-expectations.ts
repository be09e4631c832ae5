/** What a job must be for a change to happen, beside being unfinished. */
export interface Expected {
  /** Only at this version. */
  readonly version?: number;
  /** Only of one of these operations. */
  readonly operations?: readonly string[];
  /** Only without a lease. */
  readonly unleased?: true;
  /** Only while queued. */
  readonly queued?: true;
  /** Only while running. */
  readonly running?: true;
  /** Only when somebody asked for its cancellation, or only when nobody did. */
  readonly cancelRequested?: boolean;
  /** Only while it runs under the lease with this token. */
  readonly leaseToken?: string;
  /** Only while no repeat of its claim has been told of its lease. */
  readonly untold?: true;
  /** Only when its lease has ended, by the server's clock. */
  readonly leaseEnded?: true;
  /** Only when its lease has ended and was not prolonged for that already. */
  readonly excused?: false;
  /** Only with this due time, and when nobody has been told yet that it has passed. */
  readonly overdueUntold?: { readonly dueAt: Date; readonly duePausedMs: number };
  /** Only when this is its last sign of life, and nobody has been told yet that it is silent. */
  readonly silenceUntold?: { readonly updatedAt: Date };
  /** Only when one more failure leaves it an attempt. */
  readonly failuresLeft?: true;
  /** Only when one more loss leaves it an attempt: it is not counted, or there are fewer than allowed. */
  readonly lossesLeft?: true;
  /** Only when it is queued, or was put back by the old routes less often than this. */
  readonly compatRequeuesBelow?: number;
}

type Condition = Record<string, unknown>;

/** Conditions that compare fields with each other or with the server's clock. A missing field is less than any date, so types are named too. */
function computed(expected: Expected): { fields: Condition; all: Condition[] } {
  const { leaseEnded, failuresLeft, lossesLeft, compatRequeuesBelow } = expected;
  return {
    fields: {
      ...(leaseEnded && { 'lease.expiresAt': { $type: 'date' } }),
      ...(expected.excused === false && { 'lease.excused': false }),
      ...(expected.untold && { 'lease.told': { $ne: true } }),
    },
    all: [
      ...(leaseEnded ? [{ $lt: ['$lease.expiresAt', '$$NOW'] }] : []),
      ...(failuresLeft ? [{ $lt: [{ $add: ['$failures', 1] }, '$maxFailures'] }] : []),
      ...(lossesLeft ? [{ $or: ['$lease.excused', { $lt: ['$losses', '$maxLosses'] }] }] : []),
      ...(compatRequeuesBelow === undefined
        ? []
        : [{ $or: [{ $eq: ['$status', 'queued'] }, { $lt: ['$compatRequeues', compatRequeuesBelow] }] }]),
    ],
  };
}

/** The filter of an unfinished job that is as expected. */
export function filterOf(id: string, expected: Expected): Condition {
  const { version, operations, unleased, queued, running, cancelRequested, leaseToken, overdueUntold, silenceUntold } = expected;
  const { fields, all } = computed(expected);
  return {
    _id: id,
    ...(version === undefined ? {} : { version }),
    ...(operations ? { operation: { $in: [...operations] } } : {}),
    ...(unleased ? { lease: null } : {}),
    ...(queued ? { status: 'queued' } : {}),
    ...(running || leaseToken !== undefined ? { status: 'running' } : {}),
    ...(leaseToken === undefined ? {} : { 'lease.token': leaseToken }),
    ...(cancelRequested === undefined ? {} : { cancelRequested: cancelRequested ? { $ne: null } : null }),
    ...(overdueUntold && { ...overdueUntold, overdueTold: { $ne: overdueUntold.dueAt } }),
    ...(silenceUntold && { ...silenceUntold, staleTold: { $ne: silenceUntold.updatedAt } }),
    ...fields,
    ...(all.length > 0 && { $expr: { $and: all } }),
  };
}
