import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CursorInvalidError } from '../errors/request.errors.js';
import { bindingOf, decodeCursor, encodeCursor, type KeyPart, type KeyType, type Place } from './cursor.js';
import { linkHeaderOf, type Page, readCountablePage, readPage } from './page.js';

interface Item {
  readonly at: Date;
  readonly id: string;
}

const before = (a: Item, b: Item) => a.at.getTime() - b.at.getTime() || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
/** Lists in order, with many equal times. */
const lists = fc
  .uniqueArray(fc.record({ at: fc.integer({ min: 0, max: 3 }).map((ms) => new Date(ms)), id: fc.constantFrom(...'0123456789abcdef') }), {
    selector: (item) => `${item.at.getTime()} ${item.id}`,
  })
  .map((items) => items.sort(before));

function pageOf(list: readonly Item[], limit: number, cursor?: string): Promise<Page<Item>> {
  const read = (place: Place | undefined, wanted: number): Promise<Item[]> => {
    const key = place && { at: place.key[0] as Date, id: place.key[1] as string };
    if (!key) return Promise.resolve(list.slice(0, wanted));
    const found =
      place.direction === 'after' ? list.filter((item) => before(item, key) > 0) : list.filter((item) => before(item, key) < 0).reverse();
    return Promise.resolve(found.slice(0, wanted));
  };
  return readPage({ limit, cursor, boundTo: ['items'], keyOf: (item: Item) => [item.at, item.id], keyTypes: ['date', 'string'], read });
}

describe('readPage', () => {
  it('visits every item once and in order, forwards and back', async () => {
    const property = fc.asyncProperty(lists, fc.integer({ min: 1, max: 5 }), async (list, limit) => {
      const pages = [await pageOf(list, limit)];
      while (pages.at(-1)!.nextCursor) pages.push(await pageOf(list, limit, pages.at(-1)!.nextCursor!));
      expect(pages.flatMap((page) => page.items)).toEqual(list);
      expect(pages[0]!.prevCursor).toBeNull();
      const back = [pages.at(-1)!];
      while (back[0]!.prevCursor) back.unshift(await pageOf(list, limit, back[0]!.prevCursor));
      expect(back.flatMap((page) => page.items)).toEqual(list);
      expect(back).toHaveLength(pages.length);
    });
    await fc.assert(property);
  });
});

describe('cursors', () => {
  const parts = fc.oneof(fc.string(), fc.integer(), fc.date({ noInvalidDate: true }));
  const typeOf = (part: KeyPart): KeyType => (part instanceof Date ? 'date' : typeof part === 'number' ? 'integer' : 'string');
  const places: fc.Arbitrary<Place> = fc.record({ direction: fc.constantFrom('after', 'before'), key: fc.array(parts, { maxLength: 4 }) });

  it('bring back the place that they were made from', () => {
    const property = fc.property(places, (place) => {
      const binding = bindingOf(['list']);
      const cursor = encodeCursor(place, binding);
      expect(cursor).toMatch(/^[\w-]+$/);
      expect(decodeCursor(cursor, binding, place.key.map(typeOf))).toEqual(place);
    });
    fc.assert(property);
  });

  it('are refused by another list and with another length', () => {
    const cursor = encodeCursor({ direction: 'after', key: ['a'] }, bindingOf(['list']));
    expect(() => decodeCursor(cursor, bindingOf(['other']), ['string'])).toThrow(CursorInvalidError);
    expect(() => decodeCursor(cursor, bindingOf(['list']), ['string', 'string'])).toThrow(CursorInvalidError);
  });

  it.each<[KeyType, unknown[]]>([
    ['string', [7, null, { d: 7 }]],
    ['integer', ['7', null, { d: 7 }, 1.5, 1e300]],
    ['date', ['2026-01-01T00:00:00Z', 7, null, { d: '7' }, { d: 1e300 }, []]],
  ])('are refused where the key is a %s and theirs is none', (type, keys) => {
    const binding = bindingOf(['list']);
    for (const key of keys) {
      const forged = Buffer.from(JSON.stringify([binding, 1, key])).toString('base64url');
      expect(() => decodeCursor(forged, binding, [type])).toThrow(CursorInvalidError);
    }
  });

  it('are a place or refused, whatever the text', () => {
    const binding = bindingOf(['list']);
    const forged = fc.json().map((text) => Buffer.from(`["${binding}",1,${text}]`).toString('base64url'));
    const types = fc.constantFrom<KeyType>('string', 'integer', 'date');
    const property = fc.property(fc.oneof(fc.string(), fc.base64String(), forged), types, (text, type) => {
      try {
        const { key } = decodeCursor(text, binding, [type]);
        expect(typeOf(key[0]!)).toBe(type);
      } catch (error) {
        expect(error).toBeInstanceOf(CursorInvalidError);
      }
    });
    fc.assert(property, { numRuns: 1_000 });
  });
});

/** The size of a list, and what the database would guess. */
interface CountedList {
  readonly size: number;
  readonly estimate?: number | undefined;
}

describe('readCountablePage', () => {
  const countOf = async (count: 'estimate' | 'exact' | undefined, { size, estimate }: CountedList) => {
    const list = {
      limit: 1,
      boundTo: ['items'],
      keyOf: (id: string) => [id],
      keyTypes: ['string'] as const,
      read: () => Promise.resolve(['a']),
    };
    const countUpTo = (limit: number) => Promise.resolve(Math.min(size, limit));
    const page = await readCountablePage({
      ...list,
      count,
      countUpTo,
      estimate: estimate === undefined ? undefined : () => Promise.resolve(estimate),
    });
    expect(page.items).toEqual(['a']);
    return page.count;
  };

  it.each([
    [undefined, { size: 7 }, undefined],
    ['exact', { size: 7, estimate: 9 }, { value: 7, exact: true }],
    ['exact', { size: 10_000 }, { value: 10_000, exact: true }],
    ['exact', { size: 10_001 }, { value: 10_000, exact: false }],
    ['estimate', { size: 7, estimate: 9 }, { value: 9, exact: false }],
    ['estimate', { size: 7 }, { value: 7, exact: true }],
  ] as const)('asked for %s of %j says %j', async (count, list, expected) => {
    expect(await countOf(count, list)).toEqual(expected);
  });
});

describe('linkHeaderOf', () => {
  it('keeps the query and replaces the cursor', () => {
    const page = { items: [], nextCursor: 'n', prevCursor: 'p' };
    const link = '</a?tag=x&cursor=n>; rel="next", </a?tag=x&cursor=p>; rel="prev"';
    expect(linkHeaderOf(page, '/a?tag=x&cursor=old')).toBe(link);
    expect(linkHeaderOf({ ...page, nextCursor: null, prevCursor: null }, '/a')).toBeUndefined();
  });
});
