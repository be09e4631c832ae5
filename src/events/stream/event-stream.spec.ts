import { setTimeout as sleep } from 'node:timers/promises';
import { Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { StoredEvent } from '../events.schema.js';
import { EventStream, maxBehindBytes } from './event-stream.js';
import { LiveEvent, type LiveFeed, type LiveListener } from './live-events.js';

const eventOf = (seq: number, topic = 'job', filler = ''): StoredEvent => ({
  seq,
  documentId: 'd',
  version: seq,
  subject: 'jobs/d',
  topic,
  dataset: null,
  at: new Date(seq),
  type: 'job.phase',
  from: null,
  to: 'running',
  changes: {},
  actor: { id: 'a', name: 'a', role: 'worker', address: null },
  reason: null,
  requestId: 'r',
  data: { filler },
});

/** A reader that takes what is written, until it is told to stall. */
class Reader extends Writable {
  text = '';
  stalled = false;

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    if (!this.stalled) setImmediate(done);
  }

  get ids(): number[] {
    return [...this.text.matchAll(/^id: (\d+)\nevent: job/gm)].map(([, id]) => Number(id));
  }
}

/** All events, some of which the process has read already. */
class Log implements LiveFeed {
  readonly listeners = new Set<LiveListener>();
  lastSeq = 0;
  left = 0;
  readonly stored: StoredEvent[] = [];

  store(event: StoredEvent): void {
    this.stored.push(event);
  }

  /** Gives what is stored to the listeners. */
  read(): void {
    for (const event of this.stored.filter(({ seq }) => seq > this.lastSeq)) {
      for (const listener of this.listeners) listener.receive(new LiveEvent(event));
      this.lastSeq = event.seq;
    }
  }

  follow(listener: LiveListener): void {
    this.listeners.add(listener);
  }

  leave(listener?: LiveListener): void {
    this.left++;
    if (listener) this.listeners.delete(listener);
  }
}

function streamOn(log: Log, start: { after: number; reset?: boolean; topics?: string[] }): { stream: EventStream; reader: Reader } {
  const reader = new Reader();
  const wanted = start.topics ?? [];
  const stream = new EventStream({
    output: reader,
    filter: { topic: { wanted, refused: [] } },
    start: { reset: false, ...start },
    feed: log,
    replay: async ({ above, upTo, limit }) => {
      await sleep(0);
      const fitting = log.stored.filter(({ seq, topic }) => seq > above && seq <= upTo && (wanted.length === 0 || wanted.includes(topic)));
      return fitting.slice(0, Math.min(limit, 200));
    },
  });
  return { stream, reader };
}

describe('EventStream', () => {
  it('sends every fitting event behind its start once and in order, however replay, reading and writing interleave', async () => {
    const steps = fc.array(fc.constantFrom('store', 'other', 'read', 'tick'), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(steps, steps, fc.nat(5), async (before, during, after) => {
        const log = new Log();
        let seq = 0;
        const take = async (step: string): Promise<void> => {
          if (step === 'store' || step === 'other') log.store(eventOf(++seq, step === 'store' ? 'job' : 'other'));
          else if (step === 'read') log.read();
          else await sleep(0);
        };
        for (const step of before) await take(step);
        log.read();
        const start = Math.min(after, seq);
        const { stream, reader } = streamOn(log, { after: start, topics: ['job'] });
        const running = stream.run();
        for (const step of during) await take(step);
        await running;
        log.read();
        stream.finish('shutdown');
        await stream.ended;
        const expected = log.stored.filter((event) => event.topic === 'job' && event.seq > start);
        expect(reader.ids).toEqual(expected.map((event) => event.seq));
        expect(reader.text).toContain(`id: ${seq}\nevent: goodbye\n`);
        expect([log.left, log.listeners.size]).toEqual([1, 0]);
      }),
      { numRuns: 60 },
    );
  });

  it('begins with the pause before another try, and with reset where the start is not kept', async () => {
    const { stream, reader } = streamOn(new Log(), { after: 7, reset: true });
    await stream.run();
    stream.finish('expired');
    expect(await stream.ended).toBe('expired');
    expect(reader.text).toBe('retry: 3000\n: open\n\nid: 7\nevent: reset\ndata: {"latestSeq":7}\n\n');
  });

  it('moves the place of its reader behind events that the filter leaves out, with each sign of life', async () => {
    const log = new Log();
    const { stream, reader } = streamOn(log, { after: 0, topics: ['none'] });
    await stream.run();
    log.store(eventOf(1));
    log.read();
    stream.beat();
    stream.finish('expired');
    await stream.ended;
    expect(reader.text.endsWith(': alive\nid: 1\n\n')).toBe(true);
  });

  it('cuts a reader that is too far behind, and nobody else', async () => {
    const log = new Log();
    const [slow, quick] = [streamOn(log, { after: 0 }), streamOn(log, { after: 0 })];
    slow.reader.stalled = true;
    await Promise.all([slow.stream.run(), quick.stream.run()]);
    for (let seq = 1; seq <= 3; seq++) {
      log.store(eventOf(seq, 'job', 'x'.repeat(maxBehindBytes / 2)));
      log.read();
      await sleep(5);
    }
    expect(await slow.stream.ended).toBe('behind');
    expect(quick.reader.ids).toEqual([1, 2, 3]);
    expect(log.listeners).toEqual(new Set([quick.stream]));
  });

  it('cuts a reader that leaves four signs of life in a row unread', async () => {
    const { stream, reader } = streamOn(new Log(), { after: 0 });
    reader.stalled = true;
    await stream.run();
    for (let beats = 0; beats < 3; beats++) stream.beat();
    expect(reader.destroyed).toBe(false);
    stream.beat();
    expect(await stream.ended).toBe('stalled');
  });

  it('ends when the replay fails', async () => {
    const log = new Log();
    log.lastSeq = 1;
    const reader = new Reader();
    const parts = { output: reader, filter: {}, start: { after: 0, reset: false }, feed: log };
    const stream = new EventStream({ ...parts, replay: () => Promise.reject(new Error('away')) });
    await stream.run();
    expect(await stream.ended).toBe('failed');
  });

  it('serialises an event once for all streams', () => {
    const live = new LiveEvent(eventOf(1));
    expect(live.frame).toBe(live.frame);
  });
});
