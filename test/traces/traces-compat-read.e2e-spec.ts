import { describe, expect, it } from '@jest/globals';
import { usePrincipals } from './principals.js';
import { freshDataset, step, upload } from './trace-client.js';

const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('reading from the trace API of old (contract A, section 12)', () => {
  const as = usePrincipals();

  it('S7, S9: says that a trace is unknown, to everybody with a token', async () => {
    for (const client of [as.own, as.other]) {
      const read = await client.tryRead('ds-unknown');
      expect([read.status, read.json()]).toEqual([404, { message: 'Could not find item: ds-unknown' }]);
      const appended = await client.tryAppend('ds-unknown', step(1));
      expect([appended.status, appended.json()]).toEqual([404, { message: 'Could not find the requested item to update: ds-unknown' }]);
    }
  });

  it('S8: shows a trace to those who may write its dataset', async () => {
    const id = await as.own.create(upload('ds'));
    expect((await as.service.tryRead(id)).status).toBe(200);
    const refused = await as.other.tryRead(id);
    expect([refused.status, refused.json()]).toEqual([403, { message: 'Access denied' }]);
    const unknown = await as.nobody.tryRead(id);
    expect([unknown.status, unknown.json()]).toEqual([401, { message: 'Unauthorized' }]);
    expect((await as.other.tryAppend(id, {})).status).toBe(403);
    expect((await as.own.tryAppend(id, {})).status).toBe(400);
  });

  it('S11: orders events by their start, whenever they arrive', async () => {
    const id = await as.own.create(upload('ds'));
    for (const second of [3, 1, 2]) await as.own.append(id, step(second));
    const starts = (await as.own.events(id)).map((event) => event.start_time);
    expect(starts).toEqual([...starts].sort());
    expect(starts).toHaveLength(4);
  });

  it('S11: compares instants, not texts, puts what is no time last, and breaks ties by arrival', async () => {
    const id = await as.own.create(upload('ds'));
    const starts = [
      'N/A',
      '2026-11-22T12:00:00.5+01:00',
      '2026-11-22T11:00:00Z',
      '2026-11-22T11:00:00.4',
      '2026-11-22T11:00:00.400000+00:00',
      'A',
    ];
    for (const [index, start_time] of starts.entries()) await as.own.append(id, step(0, { start_time, operation: `op ${index}` }));
    expect((await as.own.events(id)).map((event) => event['operation'])).toEqual([
      'upload',
      'op 2',
      'op 3',
      'op 4',
      'op 1',
      'op 5',
      'op 0',
    ]);
  });

  it('S14: keeps parallel events', async () => {
    const id = await as.own.create(upload('ds'));
    await Promise.all(Array.from({ length: 20 }, (_, second) => as.own.append(id, step(second))));
    expect(await as.own.events(id)).toHaveLength(21);
  });

  it('S15: leaves a trace with its owner, whatever an event says', async () => {
    const id = await as.own.create(upload('ds'));
    for (const more of [{ domain_id: 'other/1' }, { domain: 'elsewhere' }, {}])
      await as.own.append(id, step(0, { start_time: '2020-01-01T00:00:00+00:00', component: JSON.stringify(more), ...more }));
    expect((await as.own.tryRead(id)).status).toBe(200);
    expect((await as.service.tryRead(id)).status).toBe(200);
    expect((await as.other.tryRead(id)).status).toBe(403);
  });

  const keys = [
    'my/path/to/file (2020).xlsx',
    'raw/green/ds/edition=e1/a.csv',
    'raw/fil æøå.csv',
    'raw/green/ds/version=1/edition=x/foø/Årsrapport?.csv',
  ];
  it.each(keys)('S17: finds the trace of %s by every form of its path', async (key) => {
    const path = `${freshDataset('p')}/${key}`;
    const id = await as.own.create(upload('ds', { s3_path: path }));
    const plain = base64(path);
    const forms = [plain, encodeURIComponent(plain), plain.replace(/=+$/, ''), plain.replaceAll('+', '-').replaceAll('/', '_')];
    for (const form of forms) {
      const reply = await as.own.find(form);
      expect([reply.status, reply.json()]).toEqual([200, { id, trace_id: id }]);
    }
  });

  it('S17: finds the vector of the contract whose base64 holds slashes, unchanged', async () => {
    const id = await as.own.create(upload('ds', { s3_path: 'raw/green/ds/version=1/edition=x/foø/Årsrapport?.csv' }));
    const reply = await as.own.find('cmF3L2dyZWVuL2RzL3ZlcnNpb249MS9lZGl0aW9uPXgvZm/DuC/DhXJzcmFwcG9ydD8uY3N2');
    expect(reply.json()).toEqual({ id, trace_id: id });
  });

  it('S18: says that a path is unknown, refused, or not asked for by anybody', async () => {
    for (const parameter of [base64('nowhere/x.csv'), 'A', '%20', 'YWJj/']) {
      const reply = await as.own.find(parameter);
      expect([reply.status, reply.json()]).toEqual([404, { message: 'Could not find item' }]);
    }
    const path = `${freshDataset('p')}.csv`;
    await as.own.create(upload('ds', { s3_path: path }));
    const refused = await as.other.find(base64(path));
    expect([refused.status, refused.json()]).toEqual([403, { message: 'Access denied' }]);
    const unknown = await as.nobody.find(base64(path));
    expect([unknown.status, unknown.json()]).toEqual([401, { message: 'Unauthorized' }]);
  });

  it('S19: finds the trace created last, by paths of further events too', async () => {
    const path = `${freshDataset('p')}.csv`;
    const first = await as.own.create(upload('ds'));
    await as.own.create(upload('ds', { s3_path: path }));
    const last = await as.own.create(upload('ds'));
    for (const id of [last, first]) await as.own.append(id, step(1, { s3_path: path }));
    await as.own.append(last, step(2, { s3_path: path }));
    expect((await as.own.find(base64(path))).json()).toEqual({ id: last, trace_id: last });
  });
});
