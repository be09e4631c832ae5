import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fileNode, runNode } from '../nodes.js';
import type { LineageAnswer } from '../lineage.service.js';
import { dotOf, mermaidOf } from './graph-text.js';
import { dataAsNode, type GraphNode } from './lineage-graph.js';

const runId = '6f3c9a52-3f0e-4c0b-9d3c-0a6f5d8a7b21';

/** A run that read one file. */
function graphWith(name: string, file: string): LineageAnswer {
  const data = dataAsNode(fileNode(file), 'completed', 0);
  const run: GraphNode = { ...data, id: runNode(runId), kind: 'run', name, status: 'failed', source: 'trace', distance: 1 };
  const edges = [{ from: data.id, to: run.id, kind: 'read' as const }];
  return { node: data.id, direction: 'down', depth: 1, truncated: true, nodes: [data, run], edges };
}

const hostile = [
  '"]; click n0 "javascript:alert(1)"',
  '"]:::x\nn9["x',
  '\\',
  '"',
  '<script>alert(1)</script>',
  '`%%{init}%%`',
  '\u202Etxt.exe',
  '&quot;',
];

const dotLine = /^ {2}n\d+ \[label="(?:[^"\\\n]|\\["\\])*", shape=\w+(?:, color=\w+)?(?:, penwidth=2)?\];$/;
const mermaidLine = /^ {2}n\d+(?:\[\(|>|\[)"[^"\n<>&`;#]*(?:#\d+;[^"\n<>&`;#]*)*"(?:\)\]|\])(?::::\w+)?$/;

describe('dotOf', () => {
  it('draws nodes, edges and what was cut', () => {
    expect(dotOf(graphWith('copy', 'a "quoted".csv'))).toBe(
      [
        'digraph lineage {',
        '  rankdir=LR;',
        '  label="There is more than this drawing shows.";',
        '  n0 [label="file: a \\"quoted\\".csv (completed)", shape=note, color=darkgreen, penwidth=2];',
        '  n1 [label="run: copy (failed)", shape=box, color=firebrick];',
        '  n0 -> n1 [label="read by"];',
        '}',
        '',
      ].join('\n'),
    );
  });

  it('lets no name out of its label', () => {
    const text = fc.oneof(fc.constantFrom(...hostile), fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(text, text, (name, file) => {
        const lines = dotOf(graphWith(name, `x${file}`)).split('\n');
        expect(lines).toHaveLength(8);
        expect(lines[3]).toMatch(dotLine);
        expect(lines[4]).toMatch(dotLine);
      }),
    );
  });
});

describe('mermaidOf', () => {
  it('draws nodes, edges and what was cut', () => {
    const lines = mermaidOf(graphWith('copy', 'a "quoted".csv')).split('\n');
    expect(lines.slice(5)).toEqual([
      '  cut["There is more than this drawing shows"]',
      '  n0>"file: a #34;quoted#34;.csv (completed)"]:::completed',
      '  n1["run: copy (failed)"]:::failed',
      '  n0 -- read by --> n1',
      '',
    ]);
  });

  it('lets no name out of its label, and none be markup', () => {
    const text = fc.oneof(fc.constantFrom(...hostile), fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(text, text, (name, file) => {
        const lines = mermaidOf(graphWith(name, `x${file}`)).split('\n');
        expect(lines).toHaveLength(10);
        expect(lines[6]).toMatch(mermaidLine);
        expect(lines[7]).toMatch(mermaidLine);
      }),
    );
  });
});
