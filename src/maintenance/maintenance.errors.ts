import { AppError, defineError } from '../common/errors/app-error.js';

const notQuiet = defineError({
  code: 'MAINTENANCE.NOT_QUIET',
  kind: 'conflict',
  title: 'Maintenance is not quiet yet',
  cause: 'Jobs were still running when the time to wait was over; `remainingJobs` names them.',
  cure: 'Wait again, or look at the jobs: `estimatedQuietAt` says when they may have ended, if there is enough history to tell.',
  retryable: true,
});

/** Thrown when a caller's time to wait for quiet is over. */
export class NotQuietError extends AppError {
  constructor(details: { remaining: object; remainingJobs: readonly object[]; estimatedQuietAt: string | null }) {
    super(notQuiet, 'Maintenance is not quiet yet.', { details });
  }
}

const off = defineError({
  code: 'MAINTENANCE.OFF',
  kind: 'conflict',
  title: 'Maintenance is off',
  cause: 'You wait for quiet, but the switch is off, or somebody turned it off meanwhile: jobs may start at any time.',
  cure: 'Turn it on with PUT /api/v1/maintenance, then wait.',
});

/** Thrown when a caller waits for quiet while the switch is off. */
export class MaintenanceOffError extends AppError {
  constructor() {
    super(off, 'Maintenance is off; there is nothing to wait for.');
  }
}
