import { Injectable } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import type { ClientSession, Connection } from 'mongoose';
import { transactionOptions } from './connection-options.js';

/** What every statement of one transaction carries. */
export type TransactionSession = ClientSession;

/** The one place that starts transactions. */
@Injectable()
export class Transactions {
  /** Repetitions of callbacks because of write conflicts, since the process started. */
  retries = 0;

  constructor(@InjectConnection() private readonly connection: Connection) {}

  /**
   * Runs the statements of `work` as one transaction: snapshot reads, majority and journal. `work` may run several times, so it must have no effect
   * but its statements, each of which carries `session`, one after the other; it must let every database error leave.
   * @throws whatever `work` throws, after everything was rolled back
   * @see MONGODB.md 2, "Rules for transaction callbacks"
   */
  async run<T>(work: (session: TransactionSession) => Promise<T>): Promise<T> {
    const session = await this.connection.startSession();
    try {
      let runs = 0;
      return await session.withTransaction(async () => {
        if (runs++ > 0) this.retries++;
        return work(session);
      }, transactionOptions);
    } finally {
      await session.endSession();
    }
  }
}
