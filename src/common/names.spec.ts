import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { datasetNameFault } from './names.js';

describe('a dataset name', () => {
  it.each([
    'A',
    'ROAD_TRAFFIC',
    'veg trafikk',
    'Å',
    'données/2026',
    '道路',
    '😀',
    'x'.repeat(255),
    '😀'.repeat(255),
    '$where',
    '__proto__',
    '.',
    '0',
  ])('may be %s', (name) => {
    expect(datasetNameFault(name)).toBeUndefined();
  });

  it.each([
    ['', /empty/],
    ['x'.repeat(256), /255/],
    ['😀'.repeat(256), /255/],
    [' a', /spaces/],
    ['a ', /spaces/],
    ['a\u00a0', /spaces/],
    ['a\u0000b', /control/],
    ['a\nb', /control/],
    ['a\u0085b', /control/],
    ['a\u202eb', /bidirectional/],
    ['a\u2066b', /bidirectional/],
    ['a\u200fb', /bidirectional/],
    ['a\ud800', /Unicode/],
    ['A\u030a', /NFC/],
  ])('may not be %j', (name, fault) => {
    expect(datasetNameFault(name)).toMatch(fault);
  });

  it('that is taken reads the same wherever it is written', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (name) => {
        fc.pre(datasetNameFault(name) === undefined);
        return name.normalize('NFC') === name && name.trim() === name && Buffer.from(name, 'utf8').toString('utf8') === name;
      }),
    );
  });
});
