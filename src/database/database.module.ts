import { type DynamicModule, Global, Module } from '@nestjs/common';
import { getConnectionToken, MongooseModule } from '@nestjs/mongoose';
import mongoose from 'mongoose';
import { DATABASE_URL, DatabaseStarter } from './database-starter.js';
import { idempotencyModel } from './idempotency.schema.js';
import { Idempotency } from './idempotency.js';
import { IdempotencyStore } from './idempotency.store.js';
import { PoolUse } from './pool-use.js';
import { Transactions } from './transactions.js';

/** The connection, its start, and what every store uses. */
@Global()
@Module({})
export class DatabaseModule {
  /** @param url address of the replica set, credentials included */
  static at(url: string): DynamicModule {
    const connection = { provide: getConnectionToken(), useFactory: () => mongoose.createConnection() };
    return {
      module: DatabaseModule,
      imports: [MongooseModule.forFeature([idempotencyModel])],
      providers: [
        connection,
        { provide: DATABASE_URL, useValue: url },
        DatabaseStarter,
        PoolUse,
        Transactions,
        IdempotencyStore,
        Idempotency,
      ],
      exports: [connection, DatabaseStarter, PoolUse, Transactions, Idempotency],
    };
  }
}
