import { setTimeout as sleep } from 'node:timers/promises';
import type { DataFolder, RecordedState } from './data-folder.js';
import { EmbeddedDatabaseError, type EmbeddedDatabaseLog } from './embedded-database-error.js';
import { commandLineOf, identityOf, isRunning, type ProcessIdentity } from './process-identity.js';

/** How long a mongod without an owner may take to end, in milliseconds. */
const orphanGraceMs = 15_000;

/**
 * Ends the mongod that a killed service left on this folder, and waits until it is gone. To be called by the owner of the folder only.
 * The processes looked at are the recorded one and the one in mongod's own lock file; either is touched only when its command line names
 * this folder, because the number may belong to somebody else by now.
 * @returns whether there was one.
 * @throws EmbeddedDatabaseError when it cannot be ended.
 */
export async function endOrphan(folder: DataFolder, state: RecordedState | null, log: EmbeddedDatabaseLog): Promise<boolean> {
  const pids = new Set([state?.mongod?.pid, await folder.mongodLockPid()]);
  let found = false;
  for (const pid of pids) {
    const orphan = pid == null ? null : await mongodOn(folder, pid);
    if (!orphan) continue;
    found = true;
    log.warn({}, `ending the database process ${pid} that a killed service left behind`);
    await end(orphan, folder);
  }
  return found;
}

async function mongodOn(folder: DataFolder, pid: number): Promise<ProcessIdentity | null> {
  const identity = await identityOf(pid);
  const commandLine = await commandLineOf(pid);
  return commandLine !== null && `${commandLine} `.includes(` --dbpath ${folder.dbPath} `) ? identity : null;
}

async function end(orphan: ProcessIdentity, folder: DataFolder): Promise<void> {
  signal(orphan.pid, 'SIGTERM');
  if (await isGone(orphan, orphanGraceMs)) return;
  signal(orphan.pid, 'SIGKILL');
  if (await isGone(orphan, 2_000)) return;
  throw new EmbeddedDatabaseError(
    `An earlier database process (${orphan.pid}) still holds ${folder.dbPath} and does not end. End it by hand: kill -9 ${orphan.pid}`,
  );
}

async function isGone(orphan: ProcessIdentity, withinMs: number): Promise<boolean> {
  for (const deadline = Date.now() + withinMs; Date.now() < deadline; await sleep(25)) {
    if (!(await isRunning(orphan))) return true;
  }
  return false;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // ended meanwhile, or not ours: the wait that follows tells
  }
}
