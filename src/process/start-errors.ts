/** Exit statuses of the service process. */
export const exitCodes = { done: 0, failure: 1, settings: 2, interrupted: 130 } as const;

/** Thrown when the service cannot start for a reason that its user can cure; the message names the cure. */
export class StartError extends Error {}
