import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { systemCaller } from '../common/caller.js';
import type { ChangeEntry, Versioned } from '../database/change.js';
import { draftsOf, mergeDrafts } from './event-drafts.js';
import type { EventDraft } from './events.schema.js';
import type { OutboxSource } from './outbox-registry.js';

const { actor, requestId } = systemCaller('test');
const entry = (version: number, atMs = version): ChangeEntry => {
  const at = new Date(atMs);
  return { version, at, type: 'job.changed', from: 'a', to: `b${version}`, changes: {}, actor, reason: null, requestId };
};
const source = {
  topic: 'job',
  subjectOf: ({ _id }: Versioned) => `jobs/${String(_id)}`,
  datasetOf: () => 'PEOPLE',
  dataOf: (_document: Versioned, { to }: ChangeEntry) => ({ status: to }),
} as unknown as OutboxSource;
const documentOf = (id: string, outbox: ChangeEntry[]): Versioned => ({ _id: id, version: outbox.at(-1)?.version ?? 0, outbox });

describe('draftsOf', () => {
  it('tells of each entry what the feature says of it', () => {
    const drafts = draftsOf(source, documentOf('7b0c', [entry(3), entry(4)]));
    expect(drafts.map(({ version, data }) => [version, data])).toEqual([
      [3, { status: 'b3' }],
      [4, { status: 'b4' }],
    ]);
    expect(drafts[0]).toMatchObject({ documentId: '7b0c', subject: 'jobs/7b0c', topic: 'job', dataset: 'PEOPLE', from: 'a', to: 'b3' });
  });

  it('takes the id that the feature gives the document', () => {
    const named = { ...source, documentIdOf: () => 'number-7' };
    expect(draftsOf(named, documentOf('x', [entry(1)]))[0]!.documentId).toBe('number-7');
  });

  it('passes nothing on that is no part of an entry', () => {
    const [draft] = draftsOf(source, documentOf('x', [{ ...entry(1), extra: 1 } as ChangeEntry]));
    expect(draft).not.toHaveProperty('extra');
  });

  it.each([
    ['a version that is no number', [{ ...entry(1), version: '1' as unknown as number }]],
    ['a version twice', [entry(1), entry(1)]],
    ['versions that fall', [entry(2), entry(1)]],
    ['no time', [{ ...entry(1), at: null as unknown as Date }]],
  ])('refuses %s', (_name, outbox) => {
    expect(() => draftsOf(source, documentOf('x', outbox))).toThrow(/entry/);
  });
});

describe('mergeDrafts', () => {
  const draftsFor = (id: string, outbox: ChangeEntry[]) => draftsOf(source, documentOf(id, outbox));
  const names = (drafts: readonly EventDraft[]) => drafts.map(({ documentId, version }) => `${documentId}${version}`);

  it('orders documents by time', () => {
    expect(names(mergeDrafts([draftsFor('a', [entry(1, 10), entry(2, 30)]), draftsFor('b', [entry(1, 20)])]))).toEqual(['a1', 'b1', 'a2']);
  });

  it('keeps the versions of a document in order when the clock jumped back', () => {
    expect(names(mergeDrafts([draftsFor('a', [entry(1, 30), entry(2, 10)]), draftsFor('b', [entry(1, 20)])]))).toEqual(['b1', 'a1', 'a2']);
  });

  it('tells an entry once that was read in two collections', () => {
    const drafts = mergeDrafts([draftsFor('a', [entry(1), entry(2)]), draftsFor('a', [entry(1), entry(2), entry(3)])]);
    expect(names(drafts)).toEqual(['a1', 'a2', 'a3']);
  });

  it('keeps every entry once and each document in order, whatever the clocks say', () => {
    const outboxes = fc.array(fc.array(fc.nat({ max: 50 }), { maxLength: 6 }), { maxLength: 5 });
    fc.assert(
      fc.property(outboxes, (times) => {
        const documents = times.map((ofOne, index) =>
          draftsFor(
            `d${index}-`,
            ofOne.map((atMs, version) => entry(version + 1, atMs)),
          ),
        );
        const merged = mergeDrafts(documents);
        expect(names(merged).sort()).toEqual(names(documents.flat()).sort());
        for (const drafts of documents) {
          expect(merged.filter(({ documentId }) => documentId === drafts[0]?.documentId)).toEqual(drafts);
        }
      }),
    );
  });
});
