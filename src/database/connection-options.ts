import type { ConnectOptions } from 'mongoose';

/**
 * How every connection of the service is made; each value overrides a default that waits too long or promises too little.
 * @see MONGODB.md 6
 */
export const connectionOptions = {
  maxPoolSize: 50,
  waitQueueTimeoutMS: 2_000,
  serverSelectionTimeoutMS: 5_000,
  connectTimeoutMS: 3_000,
  socketTimeoutMS: 15_000,
  writeConcern: { w: 'majority', j: true, wtimeoutMS: 5_000 },
  readConcern: { level: 'majority' },
  readPreference: 'primary',
  retryWrites: true,
  retryReads: true,
  autoIndex: false,
  autoCreate: false,
  bufferCommands: false,
  sanitizeFilter: true,
  appName: 'signalbox',
} as const satisfies ConnectOptions;

/** Time limits of single statements, in milliseconds. Compat lists have none. */
export const statementLimits = { oneDocumentMs: 1_000, listMs: 2_000 } as const;

/** Transactions read a snapshot and are durable when they return. */
export const transactionOptions = {
  readConcern: { level: 'snapshot' },
  writeConcern: { w: 'majority', j: true, wtimeoutMS: 5_000 },
  readPreference: 'primary',
} as const;
