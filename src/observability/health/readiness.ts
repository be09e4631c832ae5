import { Injectable } from '@nestjs/common';

/** Phases of a process, in this order. */
export type ProcessPhase = 'starting' | 'started' | 'stopping';

/**
 * Says whether the process is between its start and its stop. It is `starting` until `started()`, which the start calls after migration and the first
 * sweep, and `stopping` for ever from `stopping()` on, which the shutdown calls before anything else.
 * @see API.md 7, 8
 */
@Injectable()
export class Readiness {
  private current: ProcessPhase = 'starting';

  get phase(): ProcessPhase {
    return this.current;
  }

  /** Makes `/health/startup` 200, and `/health/ready` follow the checks. Ignored when stopping. */
  started(): void {
    if (this.current === 'starting') this.current = 'started';
  }

  /** Makes `/health/ready` 503 from now on. Safe to repeat. */
  stopping(): void {
    this.current = 'stopping';
  }
}
