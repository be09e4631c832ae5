import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { datasetNode, idOf, parseNode, traceNode } from './nodes.js';

describe('nodes', () => {
  it('have ids that people can write', () => {
    expect(parseNode('dataset:ROAD_TRAFFIC@2.1')).toEqual({ kind: 'dataset', namespace: null, name: 'ROAD_TRAFFIC', version: '2.1' });
    expect(parseNode('dataset:s3://bucket#raw/a.csv')).toEqual({
      kind: 'dataset',
      namespace: 's3://bucket',
      name: 'raw/a.csv',
      version: null,
    });
    expect(parseNode('file:raw/green/a@b#c.csv')).toEqual({ kind: 'file', name: 'raw/green/a@b#c.csv' });
    expect(parseNode('run:6F3C9A52-3F0E-4C0B-9D3C-0A6F5D8A7B21')).toEqual({ kind: 'run', name: '6f3c9a52-3f0e-4c0b-9d3c-0a6f5d8a7b21' });
  });

  it('are one for a trace and for the jobs that carry the UUID of its id', () => {
    const uuid = '6f3c9a52-3f0e-4c0b-9d3c-0a6f5d8a7b21';
    expect([traceNode(`my-ds-${uuid}`), traceNode(uuid), idOf(parseNode(`trace:my-ds-${uuid}`)!)]).toEqual(Array(3).fill(`trace:${uuid}`));
    expect(parseNode('trace:other')).toEqual({ kind: 'trace', name: 'other' });
  });

  it.each(['', 'dataset', 'dataset:', 'table:x', 'dataset:@1', 'dataset:a#', 'dataset:a#b#c', 'dataset:a@1@2', ':x'])(
    'are not %j',
    (id) => {
      expect(parseNode(id)).toBeNull();
    },
  );

  it('are found again under the id of any dataset', () => {
    const text = fc.string({ minLength: 1, unit: 'grapheme' });
    fc.assert(
      fc.property(fc.option(text), text, fc.option(text), (namespace, name, version) => {
        const id = datasetNode({ namespace, name, version });
        expect(parseNode(id)).toEqual({ kind: 'dataset', namespace, name, version });
        expect(idOf(parseNode(id)!)).toBe(id);
      }),
    );
  });
});
