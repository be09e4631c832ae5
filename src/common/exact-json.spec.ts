import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { exactItemsOf, exactObjectOf, exactValueOf, readWithDigits } from './exact-json.js';

const read = (text: string) => exactObjectOf(text, JSON.parse(text) as Record<string, unknown>);
const written = (text: string, name = 'a') => read(text).write([[name, name]]);

describe('exactObjectOf', () => {
  it.each(['12345678901234567890123', '1e400', '0.1000000000000000000001', '12345.12345678901234', '-98765432109876543210', '1.5E+10'])(
    'writes the number %s with the digits that were sent',
    (number) => {
      expect(written(`{"a": ${number}}`)).toBe(`{"a":${number}}`);
      expect(written(`{"a": [{"b": ${number}}]}`)).toBe(`{"a":[{"b":${number}}]}`);
    },
  );

  it('leaves texts that look like numbers, or like a mark, alone', () => {
    const text = JSON.stringify({ a: ['12345678901234567890', '"1e400"', 'x:1e400', '\\'], b: 1 });
    expect(written(text.replace('"b":1', '"b":1e400'))).toBe(JSON.stringify({ a: ['12345678901234567890', '"1e400"', 'x:1e400', '\\'] }));
  });

  it('writes fields under other names, in the order asked for', () => {
    expect(read('{"x": 1, "y": 2}').write([['b', 'y'], ['a', 'x']])).toBe('{"b":2,"a":1}'); // prettier-ignore
  });

  it('writes any JSON as it was read, with or without a number that is kept by its digits', () => {
    fc.assert(
      fc.property(fc.json(), fc.boolean(), (json, risky) => {
        const text = `{"a": ${json}, "b": ${risky ? '1e999' : '1'}}`;
        expect(JSON.parse(written(text))).toEqual({ a: JSON.parse(json) as unknown });
      }),
    );
  });

  it('writes a number in the same way whatever stands around it', () => {
    expect([written('{"a": 1.0, "b": 1}'), written('{"a": 1.0, "b": 1e400}')]).toEqual(['{"a":1}', '{"a":1}']);
  });

  it('reads a text that begins with a byte order mark', () => {
    expect(exactObjectOf('\uFEFF{"a": 1e400}', { a: Infinity }).write([['a', 'a']])).toBe('{"a":1e400}');
  });

  it('sorts keys at every depth', () => {
    expect(read('{"a": {"z": 1, "b": [{"y": 1, "x": 1e400}]}}').writeSorted([['a', 'a']])).toBe('{"a":{"b":[{"x":1e400,"y":1}],"z":1}}');
  });
});

describe('exactValueOf and exactItemsOf', () => {
  it('write a value, and each item of an array, with the digits that were sent', () => {
    const items = ['{"b":12345678901234567890,"a":1}', '7', '"1e400"', '[1e400]'];
    const text = `[${items.join(', ')}]`;
    const parsed = JSON.parse(text) as unknown[];
    expect(exactItemsOf(text, parsed).map((item) => item.write())).toEqual(items);
    expect(exactItemsOf(text, parsed).map(({ value }) => value)).toEqual(parsed);
    expect(exactItemsOf(text, parsed)[0]!.writeSorted()).toBe('{"a":1,"b":12345678901234567890}');
    expect(exactValueOf(text, parsed).write()).toBe(`[${items.join(',')}]`);
  });
});

describe('readWithDigits', () => {
  it.each(['9007199254740993', '-9007199254740992', '12345678901234567890123', '1e400', '-1E+999'])(
    'reads the number %s as its text',
    (number) => {
      expect(readWithDigits(`{"a":[${number},"${number}"]}`)).toEqual({ a: [number, number] });
    },
  );

  it.each(['9007199254740991', '-9007199254740991', '0.1000000000000000000001', '1e300', '-0', '1.10'])(
    'reads the number %s as one',
    (number) => {
      expect(readWithDigits(`{"a":${number},"b":1e10}`)).toEqual({ a: Number(number), b: 1e10 });
    },
  );

  it('reads any other JSON as everybody does', () => {
    const numbers = fc.json().filter((json) => !/(?<![.\d])\d{16,}(?![.\deE])/.test(json));
    fc.assert(fc.property(numbers, (json) => expect(readWithDigits(`[${json},1e5]`)).toEqual([JSON.parse(json), 1e5])));
  });
});
