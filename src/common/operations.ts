/** The operations of the original job service. */
export const referenceOperations = [
  'ADD',
  'CHANGE',
  'PATCH_METADATA',
  'SET_STATUS',
  'BUMP',
  'DELETE_DRAFT',
  'REMOVE',
  'ROLLBACK_REMOVE',
  'DELETE_ARCHIVE',
] as const;
export type ReferenceOperation = (typeof referenceOperations)[number];

/** True for the nine operations of the original. */
export const isReferenceOperation = (operation: string): operation is ReferenceOperation =>
  (referenceOperations as readonly string[]).includes(operation);
