import { describe, expect, it } from '@jest/globals';
import { inTurn } from '../client/fake-service.js';
import { against } from './against.js';

const id = 'ds-3f0e5a2e-6a0c-4a0e-9d55-0d8f7f3a1b11';
const names = (...all: string[]) => ({ names: all, cut: false });

const traceBody = (fields: object = {}) => ({
  traceId: id,
  datasetName: 'ds',
  datasetVersion: '1',
  s3Path: 'raw/x.csv',
  state: 'running',
  contradictoryEnd: false,
  startedAt: '2026-06-11T08:15:30.120Z',
  endedAt: null,
  durationMs: null,
  failedStep: null,
  components: names('data-uploader'),
  files: { in: names(), out: names(), sources: [], results: [], mismatch: null },
  createdBy: { id: 'u-17', name: 'Kari Lie' },
  createdAt: '2026-06-11T08:15:30.120Z',
  eventCount: 1,
  jobs: [],
  eventsLink: `/api/v1/traces/${id}/events`,
  ...fields,
});

const failed = traceBody({
  state: 'failed',
  contradictoryEnd: true,
  durationMs: 1_500,
  endedAt: '2026-06-11T08:15:31.620Z',
  failedStep: { component: 'copier', operation: 'copy', message: 'Invalid\nvalue.' },
  components: names('copier', 'data-uploader'),
  files: { in: names('a'), out: names(), sources: ['a'], results: [], mismatch: true },
});

describe('traces list', () => {
  it('asks with the filters and prints a table', async () => {
    const page = { items: [failed], nextCursor: null, prevCursor: null };
    const line =
      'traces list --dataset ds --state failed --state running --file raw/x.csv --search ds-3 --started-after 2026-01-01T00:00:00Z';
    const { code, out, fake } = await against({ 'GET /api/v1/traces': () => ({ body: page }) }, line);
    expect(code).toBe(0);
    expect(out.split('\n')[0]).toMatch(/^TRACE +STATE +STARTED +TOOK +FAILED STEP$/);
    expect(out).toMatch(/failed contradicted .* 1\.5 s +copier: copy: Invalid\\nvalue\./);
    expect(Object.fromEntries(fake.of('GET', /traces$/)[0]!.query)).toMatchObject({ dataset: 'ds', s3Path: 'raw/x.csv', q: 'ds-3' });
    expect(fake.of('GET', /traces$/)[0]!.query.getAll('state')).toEqual(['failed', 'running']);
  });
});

describe('traces watch', () => {
  it('shows steps on stderr and the trace on stdout; exit 8 when it failed', async () => {
    const reads = inTurn({ body: traceBody() }, { body: traceBody() }, { body: failed });
    const { code, out, err } = await against({ 'GET /api/v1/traces/*': reads }, `traces watch ${id} --plain --fields state`);
    expect({ code, out }).toEqual({ code: 8, out: 'failed\n' });
    expect(err).toBe(`${id}  running  data-uploader\n${id}  failed  copier, data-uploader  failed: copier: copy: Invalid\\nvalue.\n`);
  });

  it('says at once that there is no such trace', async () => {
    expect((await against({}, 'traces watch x')).code).toBe(4);
  });
});

describe('traces get', () => {
  it('tells what is worth knowing', async () => {
    const { out } = await against({ 'GET /api/v1/traces/*': () => ({ body: failed }) }, `traces get ${id}`);
    expect(out).toMatch(/dataset +ds version 1/);
    expect(out).toMatch(/failed +copier: copy: Invalid\\nvalue\./);
    expect(out).toMatch(/mismatch +1 in at the start, 0 out at the end/);
  });
});
