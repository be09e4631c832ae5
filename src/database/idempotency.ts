import { Injectable } from '@nestjs/common';
import type { Caller } from '../common/caller.js';
import { IdempotencyKeyReusedError } from '../common/errors/idempotency.errors.js';
import type { IdempotencyKey, StoredAnswer } from '../common/http/idempotency.js';
import { IdempotencyStore } from './idempotency.store.js';
import { databaseAway, duplicateKeyOf } from './mongo-errors.js';
import { Transactions, type TransactionSession } from './transactions.js';

/** An answer, and whether it is that of an earlier call. */
export type IdempotentAnswer = StoredAnswer & { readonly replayed: boolean };

/** Creating calls that may be repeated: the answer is kept in the transaction that creates, under the caller's key. */
@Injectable()
export class Idempotency {
  constructor(
    private readonly store: IdempotencyStore,
    private readonly transactions: Transactions,
  ) {}

  /**
   * Runs `create` once for a key. A repeat, also a simultaneous one and one after a lost answer, gets the first call's answer.
   * @param create the statements of the transaction; see `Transactions.run`
   * @throws IdempotencyKeyReusedError when the key is known with another body; whatever `create` throws
   */
  async once(
    key: IdempotencyKey,
    caller: Caller,
    create: (session: TransactionSession) => Promise<StoredAnswer>,
  ): Promise<IdempotentAnswer> {
    const scoped = { ...key, scope: `${caller.actor.id} ${key.scope}` };
    const known = await this.replay(scoped);
    if (known) return known;
    try {
      const answer = await this.transactions.run(async (session) => {
        const created = await create(session);
        await this.store.keep(scoped, created, session);
        return created;
      });
      return { ...answer, replayed: false };
    } catch (error) {
      // A duplicate key, or an unknown outcome: perhaps this very call, sent twice, was faster.
      const mayBeKnown = duplicateKeyOf(error) !== undefined || databaseAway(error);
      const first = mayBeKnown ? await this.replay(scoped).catch(rethrowReuse) : null;
      if (first) return first;
      throw error;
    }
  }

  private async replay(key: IdempotencyKey): Promise<IdempotentAnswer | null> {
    const stored = await this.store.find(key);
    if (!stored) return null;
    if (stored.fingerprint !== key.fingerprint) throw new IdempotencyKeyReusedError();
    const { status, body, location } = stored;
    return { status, body, location, replayed: true };
  }
}

function rethrowReuse(error: unknown): null {
  if (error instanceof IdempotencyKeyReusedError) throw error;
  return null;
}
