import { setTimeout as sleep } from 'node:timers/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import type { Settings } from '../config/settings.js';
import type { EmbeddedMongod } from '../database/embedded/embedded-mongod.js';
import { Readiness } from '../observability/index.js';
import { exitCodes } from './start-errors.js';

/** A load balancer needs this long to see that the replica is not ready any more. */
const drainMs = 5_000;
/** Time for a start in progress to leave nothing behind. */
const giveUpMs = 2_000;
/** A terminal's Ctrl-C arrives twice through npm, once from each; only a later one means "at once". */
const sameKeyMs = 500;

/**
 * Ends the process: readiness turns false; behind a load balancer a pause, in which requests still come; then running requests finish, within the grace
 * time; then the embedded database stops. A second signal exits at once.
 * @see API.md 8
 */
export class Shutdown {
  app: NestFastifyApplication | undefined;
  database: EmbeddedMongod | undefined;
  /** The start, which gives up and tidies away when the process is to end before it is through. */
  starting: Promise<unknown> | undefined;
  private readonly abort = new AbortController();
  private begunAt: number | undefined;

  constructor(
    private readonly settings: Settings,
    private readonly logger: Logger,
  ) {}

  /** Aborted when the process is to end, so that a start in progress gives up. */
  get signal(): AbortSignal {
    return this.abort.signal;
  }

  get begun(): boolean {
    return this.begunAt !== undefined;
  }

  listenToSignals(): void {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => this.onSignal(name));
  }

  private onSignal(name: 'SIGINT' | 'SIGTERM'): void {
    if (this.begunAt === undefined) {
      void this.stop(name, exitCodes.done);
      return;
    }
    if (performance.now() - this.begunAt < sameKeyMs) return;
    this.logger.warn('second signal: exiting at once');
    process.exit(exitCodes.interrupted);
  }

  /** Ends the process with a status; safe to repeat. */
  async stop(why: string, status: number): Promise<void> {
    if (this.begunAt !== undefined) return;
    this.begunAt = performance.now();
    this.logger.info({ outcome: why }, 'stopping');
    this.abort.abort();
    try {
      await this.startGivenUp();
      await this.closeApp(why);
      await this.database?.close();
      this.logger.info('stopped');
    } catch (error) {
      this.logger.error({ error }, 'not stopped cleanly');
    }
    process.exit(status);
  }

  private async startGivenUp(): Promise<void> {
    if (this.app || this.database) return;
    await Promise.race([this.starting?.catch(() => undefined), sleep(giveUpMs, undefined, { ref: false })]);
  }

  private async closeApp(why: string): Promise<void> {
    if (!this.app) return;
    this.app.get(Readiness).stopping();
    if (why === 'SIGTERM' && !this.database) await sleep(drainMs);
    const graceMs = this.settings.shutdownGraceSeconds * 1_000;
    const closed = this.app.close().then(() => true);
    const inTime = await Promise.race([closed, sleep(graceMs, false, { ref: false })]);
    if (!inTime) this.logger.warn('requests were still running at the end of the grace time');
  }
}
