import { Injectable } from '@nestjs/common';
import { isReferenceOperation } from '../common/operations.js';
import type { TransactionSession } from '../database/transactions.js';
import type { TargetActor } from './targets.schema.js';
import { type NewOutcome, type StoredTarget, TargetsStore } from './targets.store.js';

/** What last happened to a target. */
export interface TargetRow {
  readonly name: string;
  /** Native status word. */
  readonly status: string;
  /** The word of the original job service. */
  readonly compatStatus: string;
  readonly action: readonly string[];
  readonly lastUpdatedAt: Date;
  readonly lastUpdatedBy: TargetActor;
  readonly lastJobId: string;
}

/** First words of actions that a BUMP leaves on the targets of its manifesto. @see contracts/jobs.md 7 */
const bumpedWords: readonly string[] = ['RELEASED', 'REMOVED'];

/** Whether the original job service has such an action: one of its operations, or what a BUMP leaves. Its clients may know no other words. */
export const isCompatAction = ([word = '']: readonly string[]): boolean => isReferenceOperation(word) || bumpedWords.includes(word);

/** What the unfinished job of a target says about it. */
export type ActiveWork = Omit<TargetRow, 'name'>;

/** Answers which of some targets have unfinished work. */
export interface ActiveWorkSource {
  findActiveWork(names: readonly string[]): Promise<ReadonlyMap<string, ActiveWork>>;
}

/** Where the rows learn of unfinished work: the feature that owns it registers itself, so that rows know nothing of it. */
@Injectable()
export class ActiveWorkRegistry implements ActiveWorkSource {
  private source: ActiveWorkSource | undefined;

  register(source: ActiveWorkSource): void {
    this.source = source;
  }

  async findActiveWork(names: readonly string[]): Promise<ReadonlyMap<string, ActiveWork>> {
    return this.source && names.length > 0 ? this.source.findActiveWork(names) : new Map();
  }
}

/** Names that became known, and outcomes, as the feature that ends jobs reports them. */
@Injectable()
export class TargetOutcomes {
  constructor(private readonly store: TargetsStore) {}

  /** Makes sure that a name is known. Safe to repeat. */
  ensure(name: string, session?: TransactionSession): Promise<void> {
    return this.store.ensure(name, session);
  }

  /** Records outcomes, in the transaction that ends the job. */
  record(outcomes: readonly NewOutcome[], session: TransactionSession): Promise<void> {
    return this.store.recordOutcomes(outcomes, session);
  }
}

/**
 * The row of a target, from its unfinished work and its stored outcome: the later of the two. Null when nothing has happened to it yet, which is so for a
 * moment while its first job is being created.
 */
export function rowOf({ name, outcome }: Pick<StoredTarget, 'name' | 'outcome'>, active: ActiveWork | undefined): TargetRow | null {
  if (active && (!outcome || active.lastUpdatedAt >= outcome.at)) return { name, ...active };
  if (!outcome) return null;
  return {
    name,
    status: outcome.status,
    compatStatus: outcome.status === 'cancelled' ? 'failed' : outcome.status,
    action: outcome.action,
    lastUpdatedAt: outcome.at,
    lastUpdatedBy: outcome.by,
    lastJobId: outcome.jobId,
  };
}
