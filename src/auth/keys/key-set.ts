import type { LoggerService } from '@nestjs/common';
import { KeysUnavailableError } from '../auth.errors.js';
import { KeySource, type VerificationKey } from './key-source.js';

const freshMs = 600_000;
/** From this age on the next caller starts a read, and does not wait for it. */
const readAheadMs = 540_000;
const usableMs = 86_400_000;
const pauseMs = 30_000;
const firstBackoffMs = 2_000;

/** What a key set needs from outside. */
export interface KeySetOptions {
  /** Reads the set; rejects when it cannot be used. */
  readonly read: () => Promise<readonly VerificationKey[]>;
  readonly logger: Pick<LoggerService, 'log' | 'warn'>;
  /** A clock in milliseconds that never goes back. */
  readonly now?: () => number;
}

/**
 * The provider's keys, as last read.
 *
 * A set is fresh for 10 minutes, then the next caller reads it again; while that fails it serves for 24 hours. An unknown key id also causes a read.
 * Whatever the cause, there is one read at a time, which all callers share, and none sooner than 30 s after the last one began, or, if it failed, sooner than a
 * pause of 2 s, doubled with each failure up to 30 s. In between an unknown id is unknown at once, or, if the last read failed, cannot be judged.
 * @see SECURITY-RULES.md 3
 */
export class KeySet extends KeySource {
  private held: { readonly keys: ReadonlyMap<string, VerificationKey>; readonly readAt: number } | undefined;
  private reading: Promise<void> | undefined;
  private nextReadAt = -Infinity;
  private backoffMs = firstBackoffMs;
  private lastReadFailed = false;
  private readonly now: () => number;

  constructor(private readonly options: KeySetOptions) {
    super();
    this.now = options.now ?? (() => performance.now());
  }

  override async find(kid: string): Promise<VerificationKey | undefined> {
    const known = this.usable()?.get(kid);
    if (known && (this.ageMs() < freshMs || this.lastReadFailed)) {
      if (this.ageMs() >= readAheadMs) void this.refresh();
      return known;
    }
    await this.refresh();
    const keys = this.usable();
    const found = keys?.get(kid);
    if (!found && (!keys || this.lastReadFailed)) throw new KeysUnavailableError(this.retryAfterSeconds());
    return found;
  }

  override keySetAgeSeconds(): number | null {
    return this.held ? Math.round(this.ageMs() / 1000) : null;
  }

  /** Reads the set, if the last read is long enough ago. Never rejects: a failure shows in what `find` answers. */
  refresh(): Promise<void> {
    if (this.reading) return this.reading;
    if (this.now() < this.nextReadAt) return Promise.resolve();
    this.nextReadAt = this.now() + pauseMs;
    this.reading = this.read().finally(() => (this.reading = undefined));
    return this.reading;
  }

  private async read(): Promise<void> {
    try {
      const keys = await this.options.read();
      this.held = { keys: new Map(keys.map((key) => [key.kid, key])), readAt: this.now() };
      this.backoffMs = firstBackoffMs;
      if (this.lastReadFailed) this.options.logger.log('The key set can be read again.');
      this.lastReadFailed = false;
    } catch (error) {
      this.lastReadFailed = true;
      this.nextReadAt = this.now() + this.backoffMs;
      this.backoffMs = Math.min(this.backoffMs * 2, pauseMs);
      this.warn(error);
    }
  }

  private warn(error: unknown): void {
    const reason =
      error instanceof Error ? [error.message, (error.cause as Error | undefined)?.message].filter(Boolean).join(': ') : String(error);
    const effect = this.usable() ? `the one read ${this.keySetAgeSeconds()} s ago still serves` : 'no token can be verified';
    this.options.logger.warn(`The key set cannot be read, ${effect}: ${reason}`);
  }

  private ageMs(): number {
    return this.held ? this.now() - this.held.readAt : Infinity;
  }

  private usable(): ReadonlyMap<string, VerificationKey> | undefined {
    return this.ageMs() < usableMs ? this.held?.keys : undefined;
  }

  private retryAfterSeconds(): number {
    return Math.max(1, Math.ceil((this.nextReadAt - this.now()) / 1000));
  }
}
