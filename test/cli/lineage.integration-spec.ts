import { describe, expect, it } from '@jest/globals';
import { problem, type Route } from '../client/fake-service.js';
import { against } from './against.js';

const node = (id: string, distance: number, more: object = {}) => ({
  ...{ id, kind: id.split(':')[0], name: id, namespace: null, version: null, status: null, source: null, startedAt: null, endedAt: null },
  ...{ conflictingEnds: false, link: null, distance, ...more },
});

const graph = {
  ...{ node: 'dataset:A@1', direction: 'up', depth: 2, truncated: true },
  nodes: [
    node('dataset:A@1', 0, { status: 'failed' }),
    node('file:b\u001b[31m.csv', 2),
    node('run:1', 1, { name: 'copy\u202e', status: 'failed', endedAt: '2026-06-11T08:15:30.120Z' }),
  ],
  edges: [],
};

const routes = { 'GET /api/v1/lineage': () => ({ body: graph }) };

describe('lineage', () => {
  it('prints the nodes, nearest first, with how they stand, and says when there is more', async () => {
    const { code, out, err, fake } = await against(routes, 'lineage up dataset:A@1 --depth 2');
    expect(code).toBe(0);
    expect(out.split('\n').map((line) => line.split(/\s{2,}/).slice(0, 3))).toMatchObject([
      ['STEPS', 'NODE', 'STATUS'],
      ['0', 'dataset:A@1', 'failed'],
      ['1', 'run:1', 'failed'],
      ['2', expect.stringMatching(/^file:b.*csv$/), '-'],
      [''],
    ]);
    expect(['\u001b', '\u202e'].filter((character) => out.includes(character))).toEqual([]);
    expect(err).toContain('at most 2,000 nodes');
    expect(fake.of('GET', /lineage$/)[0]!.query.toString()).toBe('node=dataset%3AA%401&direction=up&depth=2');
  });

  it('prints the answer as it is with --json, one node a line with --jsonl', async () => {
    expect(JSON.parse((await against(routes, 'lineage down file:x --json')).out)).toEqual(graph);
    const { out } = await against(routes, 'lineage down file:x --jsonl --fields id');
    expect(out).toBe('{"id":"dataset:A@1"}\n{"id":"run:1"}\n{"id":"file:b\\u001b[31m.csv"}\n');
  });

  it('prints a drawing as the service makes it', async () => {
    const drawing: Route = () => (response) => {
      response.writeHead(200, { 'content-type': 'text/vnd.mermaid' });
      response.end('flowchart LR\n  n0["a"]\n');
    };
    const { out, fake } = await against({ 'GET /api/v1/lineage': drawing }, 'lineage down file:x --format mermaid');
    expect(out).toBe('flowchart LR\n  n0["a"]\n');
    expect(fake.of('GET', /lineage$/)[0]!.query.get('format')).toBe('mermaid');
  });

  it('exits 4 when nothing is known of the node, 2 for a format that is none', async () => {
    const unknown = { 'GET /api/v1/lineage': () => problem(404, 'TRACES.NODE_NOT_FOUND') };
    expect((await against(unknown, 'lineage up file:x')).code).toBe(4);
    expect((await against(routes, 'lineage up file:x --format svg')).code).toBe(2);
  });
});
