import { describe, expect, it } from '@jest/globals';
import { PostponedDocuments } from './postponed-documents.js';

describe('PostponedDocuments', () => {
  it('leaves a document out until its time has come', () => {
    let nowMs = 0;
    const postponed = new PostponedDocuments(() => nowMs);
    const pauseMs = postponed.add('things', 7);
    expect(pauseMs).toBeGreaterThanOrEqual(15_000);
    expect(postponed.idsOf('things')).toEqual([7]);
    expect(postponed.idsOf('others')).toEqual([]);
    nowMs = pauseMs;
    expect(postponed.idsOf('things')).toEqual([]);
  });

  it('leaves it out longer each time, up to 15 minutes, and starts over once it was relayed', () => {
    const postponed = new PostponedDocuments(() => 0);
    const pauses = Array.from({ length: 12 }, () => postponed.add('things', 7));
    expect(pauses[3]).toBeGreaterThan(pauses[0]!);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(900_000);
    postponed.remove('things', 7);
    expect(postponed.idsOf('things')).toEqual([]);
    expect(postponed.add('things', 7)).toBeLessThanOrEqual(30_000);
  });

  it('keeps a thousand and lets go of the first', () => {
    const postponed = new PostponedDocuments(() => 0);
    for (let id = 0; id <= 1_000; id++) postponed.add('things', id);
    const ids = postponed.idsOf('things');
    expect(ids).toHaveLength(1_000);
    expect(ids).not.toContain(0);
  });
});
