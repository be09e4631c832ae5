import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedDatabaseError } from './embedded-database-error.js';

/** How a process ended: with an exit status, or by a signal. */
export interface MongodExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Such as `ended with status 14` or `was ended by SIGKILL`. */
export function inWords({ code, signal }: MongodExit): string {
  return signal ? `was ended by ${signal}` : `ended with status ${code}`;
}

/** One run of the mongod program, from spawn to exit. */
export class MongodProcess {
  /** Settles when the process has ended, however it did; never rejects. */
  readonly exited: Promise<MongodExit>;
  #exit: MongodExit | null = null;

  private constructor(
    private readonly child: ChildProcess,
    readonly pid: number,
  ) {
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve((this.#exit = { code, signal })));
    });
  }

  /**
   * Starts the program in a process group of its own, so that a terminal's Ctrl-C reaches the service only, which ends it when it is done.
   * @throws EmbeddedDatabaseError when the program cannot be executed.
   */
  static async spawn(binary: string, args: readonly string[], logFile: string): Promise<MongodProcess> {
    const log = await open(logFile, 'a', 0o600);
    try {
      const child = spawn(binary, args, { detached: true, stdio: ['ignore', log.fd, log.fd] });
      await once(child, 'spawn');
      return new MongodProcess(child, child.pid!);
    } catch (error) {
      throw new EmbeddedDatabaseError(`The database program ${binary} cannot be started: ${(error as Error).message}.`, { cause: error });
    } finally {
      await log.close();
    }
  }

  get exit(): MongodExit | null {
    return this.#exit;
  }

  /** Asks for a clean shutdown, and kills the process when it takes longer than `graceMs`. Nothing acknowledged is lost either way. */
  async end(graceMs: number): Promise<MongodExit> {
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), graceMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Without effect on a process that has ended. */
  signal(name: 'SIGTERM' | 'SIGKILL'): void {
    this.child.kill(name);
  }

  /**
   * Waits until `attempt` gives something else than null.
   * @returns null when the process ended first, or when `withinMs` have passed.
   */
  async whileRunning<T>(attempt: () => Promise<T | null>, withinMs = Infinity): Promise<T | null> {
    for (const deadline = Date.now() + withinMs; this.#exit === null && Date.now() < deadline;) {
      const result = await attempt();
      if (result !== null) return result;
      await Promise.race([this.exited, sleep(20)]);
    }
    return null;
  }
}
