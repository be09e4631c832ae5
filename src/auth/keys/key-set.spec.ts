import { beforeEach, describe, expect, it } from '@jest/globals';
import { Signer } from '../../../test/auth/signer.js';
import { KeysUnavailableError } from '../auth.errors.js';
import { KeySet } from './key-set.js';
import type { VerificationKey } from './key-source.js';

const { publicKey } = new Signer('any');
const named = (kid: string): VerificationKey => ({ kid, key: publicKey, algorithms: ['RS256'] });
const second = 1_000;
const minute = 60_000;
const hour = 3_600_000;

/** A provider that counts reads and can be away, and a clock that is moved by hand. */
class Provider {
  kids = ['k1'];
  away = false;
  reads = 0;
  nowMs = 0;
  readonly warnings: string[] = [];
  readonly messages: string[] = [];
  readonly set = new KeySet({
    now: () => this.nowMs,
    logger: { warn: (text: string) => this.warnings.push(text), log: (text: string) => this.messages.push(text) },
    read: async () => {
      this.reads += 1;
      await Promise.resolve();
      if (this.away) throw new Error('connect ECONNREFUSED');
      return this.kids.map(named);
    },
  });
}

let provider: Provider;
beforeEach(() => {
  provider = new Provider();
});

const find = (kid: string) => provider.set.find(kid);
const unavailable = (retryAfterSeconds: number) => expect.objectContaining({ code: 'AUTH.KEYS_UNAVAILABLE', retryAfterSeconds });

describe('reading', () => {
  it('happens once for all that wait', async () => {
    const found = await Promise.all(Array.from({ length: 50 }, () => find('k1')));
    expect(found.every((key) => key?.kid === 'k1')).toBe(true);
    expect(provider.reads).toBe(1);
  });

  it('ahead of the first token makes it find its key at once', async () => {
    await provider.set.refresh();
    await find('k1');
    expect(provider.reads).toBe(1);
  });

  it('is repeated after 10 minutes, and forgets keys that were taken away', async () => {
    await find('k1');
    provider.nowMs = 10 * minute;
    provider.kids = ['k2'];
    expect(await find('k1')).toBeUndefined();
    expect(await find('k2')).toMatchObject({ kid: 'k2' });
    expect(provider.reads).toBe(2);
  });

  it('is begun ahead of that by a caller who does not wait', async () => {
    await find('k1');
    provider.nowMs = 9 * minute;
    expect(await find('k1')).toMatchObject({ kid: 'k1' });
    expect(provider.reads).toBe(2);
  });
});

describe('unknown key ids', () => {
  it('cost one read for 200 at once, and none for 30 s after it', async () => {
    await find('k1');
    provider.nowMs = 30 * second;
    const found = await Promise.all(Array.from({ length: 200 }, (_, index) => find(`unknown-${index}`)));
    expect(found.every((key) => key === undefined)).toBe(true);
    expect(provider.reads).toBe(2);
    provider.nowMs = 59 * second;
    expect(await find('unknown')).toBeUndefined();
    expect(provider.reads).toBe(2);
    provider.nowMs = 60 * second;
    await find('unknown');
    expect(provider.reads).toBe(3);
  });

  it('find a key that the provider added', async () => {
    await find('k1');
    provider.nowMs = 30 * second;
    provider.kids = ['k1', 'k2'];
    expect(await find('k2')).toMatchObject({ kid: 'k2' });
  });

  it('cannot be judged while the last read failed', async () => {
    await find('k1');
    provider.nowMs = minute;
    provider.away = true;
    await expect(find('k2')).rejects.toEqual(unavailable(2));
    await expect(find('k1')).resolves.toMatchObject({ kid: 'k1' });
  });
});

describe('an outage', () => {
  it('before the first read is told as such, with growing pauses between reads', async () => {
    provider.away = true;
    const pauses: number[] = [];
    for (let round = 0; round < 7; round += 1) {
      const error: unknown = await find('k1').catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(KeysUnavailableError);
      pauses.push((error as KeysUnavailableError).retryAfterSeconds!);
      provider.nowMs += pauses.at(-1)! * second;
    }
    expect(pauses).toEqual([2, 4, 8, 16, 30, 30, 30]);
    expect(provider.reads).toBe(7);
  });

  it('costs one read for 100 tokens, all of which are told to come back', async () => {
    provider.away = true;
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => find('k1')));
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    await expect(find('k1')).rejects.toEqual(unavailable(2));
    expect(provider.reads).toBe(1);
  });

  it('ends with the first read that works, and the pauses start anew', async () => {
    provider.away = true;
    await expect(find('k1')).rejects.toEqual(unavailable(2));
    provider.nowMs = 2 * second;
    provider.away = false;
    expect(await find('k1')).toMatchObject({ kid: 'k1' });
    expect(provider.messages).toEqual(['The key set can be read again.']);
    provider.nowMs = 20 * minute;
    provider.away = true;
    await find('k1');
    await expect(find('k2')).rejects.toEqual(unavailable(2));
  });

  it('leaves the last good set in service for 24 hours, with a warning for each failed read', async () => {
    await find('k1');
    provider.away = true;
    provider.nowMs = 24 * hour - second;
    expect(await find('k1')).toMatchObject({ kid: 'k1' });
    expect(provider.set.keySetAgeSeconds()).toBe(86_399);
    expect(provider.warnings).toEqual(['The key set cannot be read, the one read 86399 s ago still serves: connect ECONNREFUSED']);
    provider.nowMs = 24 * hour + 2 * second;
    await expect(find('k1')).rejects.toEqual(expect.objectContaining({ code: 'AUTH.KEYS_UNAVAILABLE' }));
  });

  it('keeps nobody waiting whose key is known', async () => {
    await find('k1');
    provider.away = true;
    provider.nowMs = 20 * minute;
    await find('k1');
    provider.nowMs += 2 * second;
    const reading = find('k1');
    expect(provider.reads).toBe(3);
    await expect(reading).resolves.toMatchObject({ kid: 'k1' });
  });
});

it('has no age before the first read', () => {
  expect(provider.set.keySetAgeSeconds()).toBeNull();
});
