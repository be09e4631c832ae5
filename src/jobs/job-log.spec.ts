import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { appendLines } from './job-log.js';

const maxLineBytes = 4_096;

/** The messages that would be appended where all of them fit. */
function cut(...lines: string[]): string[] {
  const { log } = appendLines(lines);
  const [, { $cond: branches }] = (log.json as { $concatArrays: [unknown, { $cond: [unknown, { message: { $literal: string } }[]] }] })
    .$concatArrays;
  return branches[1].map((line) => line.message.$literal);
}

/** Texts around the length at which lines are cut, of characters of one to four bytes. */
const longTexts = fc
  .tuple(fc.constantFrom('a', 'å', '€', '🚦'), fc.integer({ min: 4_080, max: 4_100 }), fc.string({ unit: 'binary', maxLength: 8 }))
  .map(([unit, bytes, rest]) => unit.repeat(Math.floor(bytes / Buffer.byteLength(unit))) + rest);

describe('appendLines', () => {
  it('keeps lines of up to 4 KiB as they are', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 1_000 }), (text) => expect(cut(text)).toEqual([text])));
    expect(cut('a'.repeat(maxLineBytes))).toEqual(['a'.repeat(maxLineBytes)]);
  });

  it('cuts longer ones between two characters, with no room for another one', () => {
    const property = fc.property(longTexts, (text) => {
      const [line] = cut(text) as [string];
      const lost = [...text.slice(line.length)][0];
      expect(text.startsWith(line)).toBe(true);
      expect(line.isWellFormed()).toBe(true);
      expect(Buffer.byteLength(line)).toBeLessThanOrEqual(maxLineBytes);
      if (lost !== undefined) expect(Buffer.byteLength(line) + Buffer.byteLength(lost)).toBeGreaterThan(maxLineBytes);
    });
    fc.assert(property);
  });

  it('takes every text for a literal', () => {
    expect(cut('$status', '$$NOW', '{"$ne":1}')).toEqual(['$status', '$$NOW', '{"$ne":1}']);
  });
});
