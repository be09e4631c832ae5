import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from 'mongoose';
import { createIndexes } from './indexes.js';
import { LeaseKeeper } from './lease-keeper.js';
import { leaseModel, type LeaseDocument } from './lease.schema.js';
import { LeaseStore } from './lease.store.js';
import { checkVersion, migrate } from './migrations.js';

/** A process that is killed while it prepares the database holds up the others no longer than this. */
const leaseMs = 9_000;

interface PreparationOptions {
  /** See `createIndexes`. */
  readonly open?: () => Promise<Connection>;
  /** Called once when another process is at it. */
  readonly onWait?: () => void;
  /** Gives up waiting; nothing has been done then. */
  readonly signal?: AbortSignal;
}

/**
 * Brings documents and indexes to this version, one process at a time. Every step may be repeated, so that another process goes on where one died.
 * @param connection knows the schemas
 * @throws DatabaseUnusableError when the database was written by a newer version; the signal's reason
 */
export async function prepareSchema(connection: Connection, { open, onWait, signal }: PreparationOptions = {}): Promise<void> {
  await checkVersion(connection);
  const store = new LeaseStore(connection.model<LeaseDocument>(leaseModel.name, leaseModel.schema));
  const keeper = new LeaseKeeper(store, { name: 'schema', holder: `${hostname()}:${process.pid}`, durationMs: leaseMs });
  for (let waited = false; !(await keeper.acquire()); waited = true) {
    if (!waited) onWait?.();
    await sleep(200, undefined, { signal });
  }
  try {
    await migrate(connection);
    await createIndexes(connection, open);
  } finally {
    await keeper.release();
  }
}
