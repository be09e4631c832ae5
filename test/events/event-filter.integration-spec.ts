import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type EventFilter, passes } from '../../src/events/event-filter.js';
import { eventModel, type StoredEvent } from '../../src/events/events.schema.js';
import { EventsStore } from '../../src/events/events.store.js';
import { withDatabase } from '../support/database.js';

const words = ['a', 'b', 'c'];
const word = fc.constantFrom(...words);
const anyOf = fc.record({ wanted: fc.array(word, { maxLength: 2 }), refused: fc.array(word, { maxLength: 1 }) });
const instant = fc.integer({ min: 0, max: 9 }).map((ms) => new Date(ms));
const names = { topic: anyOf, type: anyOf, subject: anyOf, dataset: anyOf, actor: anyOf };
const filter = fc.record({ ...names, since: instant, until: instant }, { requiredKeys: [] }) as fc.Arbitrary<EventFilter>;

/** An event whose fields are taken from the words by its number. */
const eventOf = (seq: number): StoredEvent => {
  const pick = (shift: number): string => words[(seq * 7 + shift * (seq >> 2)) % 3]!;
  return {
    seq,
    documentId: `${seq}`,
    version: 1,
    topic: pick(1),
    type: pick(2),
    subject: pick(3),
    dataset: seq % 4 === 0 ? null : pick(4),
    at: new Date(seq % 10),
    from: null,
    to: 'x',
    changes: {},
    actor: { id: pick(5), name: 'n', role: 'worker', address: null },
    reason: null,
    requestId: 'r',
    data: {},
  };
};

describe('a filter of events', () => {
  it('lets through the same events live as from the database', async () => {
    await withDatabase(async ({ connection }) => {
      const model = connection.model<StoredEvent>(eventModel.name, eventModel.schema);
      const store = new EventsStore(model as never);
      const all = Array.from({ length: 60 }, (_, index) => eventOf(index + 1));
      await store.append(all);
      await fc.assert(
        fc.asyncProperty(filter, async (wanted) => {
          const found = await store.find(wanted, { ascending: true, limit: 100 });
          expect(found.map(({ seq }) => seq)).toEqual(all.filter((event) => passes(wanted, event)).map(({ seq }) => seq));
        }),
        { numRuns: 150 },
      );
    });
  });
});
