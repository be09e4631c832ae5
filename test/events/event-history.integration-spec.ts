import { describe, expect, it } from '@jest/globals';
import { CursorInvalidError } from '../../src/common/errors/request.errors.js';
import { encodeCursor, bindingOf } from '../../src/common/http/cursor.js';
import { EventHistory } from '../../src/events/event-history.js';
import { EventLog } from '../../src/events/event-log.js';
import { withDatabase } from '../support/database.js';
import { RelayedThings } from './relayed-things.js';

/** A thing of seven versions, of which the first four are events and the last three wait in the outbox. */
const withHistory = (work: (history: EventHistory, things: RelayedThings, id: string) => Promise<void>) =>
  withDatabase(async ({ connection }) => {
    const things = new RelayedThings(connection);
    await things.prepare();
    await things.create('another');
    const id = await things.create();
    for (let change = 0; change < 3; change++) await things.change(id);
    await relayAll(things);
    for (let change = 0; change < 3; change++) await things.change(id);
    await work(new EventHistory(things.events), things, id);
  });
const relayAll = (things: RelayedThings) => things.mover().moveBatch(new EventLog(things.events, 0, () => true));
const outboxOf = async (things: RelayedThings, id: string) => (await things.allThings()).find(({ _id }) => _id === id)!.outbox;
const versions = (entries: readonly { version: number }[]) => entries.map(({ version }) => version);

describe('EventHistory', () => {
  it('tells relayed and unrelayed changes, newest first', () =>
    withHistory(async (history, things, id) => {
      const entries = await history.of(id, await outboxOf(things, id));
      expect(versions(entries)).toEqual([7, 6, 5, 4, 3, 2, 1]);
      expect(entries[6]).toEqual({
        version: 1,
        at: expect.any(Date),
        type: 'thing.created.v1',
        from: null,
        to: 'new',
        changes: {},
        actor: { id: 'signalbox', name: 'Signalbox', role: 'system', address: null },
        reason: null,
        requestId: 'test',
      });
      expect(entries[0]).toMatchObject({ type: 'thing.changed.v1', from: 'changed', to: 'changed' });
    }));

  it('tells a change once that is relayed after the document was read', () =>
    withHistory(async (history, things, id) => {
      const outbox = await outboxOf(things, id);
      await relayAll(things);
      expect(versions(await history.of(id, outbox))).toEqual([7, 6, 5, 4, 3, 2, 1]);
    }));

  it('tells the newest as many as asked for', () =>
    withHistory(async (history, things, id) => {
      const outbox = await outboxOf(things, id);
      expect(versions(await history.of(id, outbox, 2))).toEqual([7, 6]);
      expect(versions(await history.of(id, outbox, 4))).toEqual([7, 6, 5, 4]);
      expect(versions(await history.of('unknown', []))).toEqual([]);
    }));

  it('pages forwards and back over both', () =>
    withHistory(async (history, things, id) => {
      const outbox = await outboxOf(things, id);
      const page = async (cursor?: string | null) => history.pageOf(id, outbox, { limit: 3, cursor: cursor ?? undefined });
      const first = await page();
      const second = await page(first.nextCursor);
      const third = await page(second.nextCursor);
      expect([first, second, third].map(({ items }) => versions(items))).toEqual([[7, 6, 5], [4, 3, 2], [1]]);
      expect([first.prevCursor, third.nextCursor]).toEqual([null, null]);
      const back = await page(third.prevCursor);
      expect(versions(back.items)).toEqual([4, 3, 2]);
      expect(versions((await page(back.prevCursor)).items)).toEqual([7, 6, 5]);
    }));

  it('refuses a cursor of another object, and one with another key', () =>
    withHistory(async (history, things, id) => {
      const outbox = await outboxOf(things, id);
      const { nextCursor } = await history.pageOf(id, outbox, { limit: 1 });
      await expect(history.pageOf('another', [], { limit: 1, cursor: nextCursor! })).rejects.toThrow(CursorInvalidError);
      const forged = encodeCursor({ direction: 'after', key: ['7'] }, bindingOf(['history', id]));
      await expect(history.pageOf(id, outbox, { limit: 1, cursor: forged })).rejects.toThrow(CursorInvalidError);
    }));
});
