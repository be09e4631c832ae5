import { type Expression, expression, operand } from '../database/change.js';
import type { PauseState } from './maintenance-lifecycle.js';

/** All milliseconds under maintenance until the instant of the statement that this is part of. @see pausedMsUntil */
export const pausedSoFar = ({ on, since, pausedMs }: PauseState): Expression =>
  expression(on && since ? { $add: [pausedMs, { $max: [0, { $subtract: ['$$NOW', operand(since)] }] }] } : operand(pausedMs));

type Condition = Record<string, unknown>;

/** The fields of a time limit: its end, and how much maintenance there had been when it was set. */
export interface LimitFields {
  readonly endsAt: string;
  readonly pausedMs: string;
}

/**
 * What the clock of due times and run budgets shows at one instant of the database. It stands still under maintenance: a limit is over when more time has
 * passed since it was set than there was, pauses left out. What is over in one reading is over for ever, unless it is set anew; so whoever acts on a reading
 * need not read again, only make sure that the limit is still the same.
 */
export class ClockReading {
  constructor(
    readonly now: Date,
    /** Milliseconds under maintenance until now, all pauses together: what is kept with a limit that is set now. */
    readonly pausedMs: number,
    /** False: the clock does not stand still, because of `MAINTENANCE_STOPS_CLOCKS=false`. */
    private readonly stops: boolean,
  ) {}

  /** True when a limit is over. @param pausedMsThen what the reading at which it was set had as `pausedMs` */
  isOver(endsAt: Date, pausedMsThen: number = this.pausedMs): boolean {
    const notCounted = this.stops ? this.pausedMs - pausedMsThen : 0;
    return endsAt.getTime() + notCounted < this.now.getTime();
  }

  /** The condition that a document's limit is over; its own `$expr` stands beside others under `$and` only. */
  overCondition({ endsAt, pausedMs }: LimitFields): Condition {
    const passed = { [endsAt]: { $type: 'date', $lt: this.now } }; // necessary in any case, and served by an index
    if (!this.stops) return passed;
    const counted = new Date(this.now.getTime() - this.pausedMs);
    return { ...passed, $expr: { $lt: [`$${endsAt}`, { $add: [counted, { $ifNull: [`$${pausedMs}`, this.pausedMs] }] }] } };
  }
}
