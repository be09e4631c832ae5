import { beforeAll, describe, expect, it } from '@jest/globals';
import { freshTarget } from '../support/compat-client.js';
import { workerQueries } from '../support/executor.js';
import { parseMaintenance, type ParsedMaintenance } from '../support/strict-job-parser.js';
import { useService } from '../support/use-service.js';

const initialText = 'Initial status inserted by job service at startup.';
const timestampForm = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/;
const historyPaths = ['/maintenance-history', '/maintenance-statuses'];
const newestPaths = ['/maintenance-status', '/maintenance-statuses/latest'];
const postPaths = ['/maintenance-status', '/maintenance-statuses'];

describe('maintenance (contract 9)', () => {
  const file = useService();
  const history = async (path = '/maintenance-history') => (await file.http.get(path)).json<ParsedMaintenance[]>();
  const set = (msg: string, paused: unknown, path = '/maintenance-status') => file.http.post(path, { msg, paused });
  let firstReads: (ParsedMaintenance | ParsedMaintenance[])[];

  beforeAll(async () => {
    const paths = Array.from({ length: 8 }, () => [...newestPaths, ...historyPaths]).flat();
    firstReads = await Promise.all(paths.map(async (path) => (await file.http.get(path)).json<ParsedMaintenance | ParsedMaintenance[]>()));
  });

  it('J-12: makes one initial record under parallel first reads', async () => {
    const first = { msg: initialText, paused: false, timestamp: expect.stringMatching(timestampForm) };
    expect(await history()).toEqual([first]);
    const [only] = await history();
    for (const answer of firstReads) expect(answer).toEqual(Array.isArray(answer) ? [only] : only);
  });

  it.each(postPaths)('POST %s answers with the record, exactly three keys, UTC time of six digits', async (path) => {
    const reply = await set('Upgrade', true, path);
    expect([reply.status, reply.json()]).toEqual([200, { msg: 'Upgrade', paused: true, timestamp: expect.stringMatching(timestampForm) }]);
    const { timestamp } = reply.json<ParsedMaintenance>();
    expect(Math.abs(new Date(`${timestamp.replace(' ', 'T')}Z`).getTime() - Date.now())).toBeLessThan(10_000);
  });

  it.each(newestPaths)('GET %s answers the newest record, readable for the worker', async (path) => {
    const written = (await set(`for ${path}`, true)).json();
    const reply = await file.http.get(path);
    expect(reply.status).toBe(200);
    expect(parseMaintenance(reply.text)).toEqual(written);
  });

  it.each(historyPaths)('GET %s answers all records, newest first', async (path) => {
    const before = await history(path);
    const written = [];
    for (const paused of [true, false, true]) written.unshift((await set(`paused ${paused}`, paused)).json());
    expect(await history(path)).toEqual([...written, ...before]);
  });

  it('J-14: has timestamps whose order as text is the order of the records', async () => {
    for (let count = 0; count < 10; count += 1) await set(`count ${count}`, false);
    const times = (await history()).map((record) => record.timestamp);
    expect([...times].sort().reverse()).toEqual(times);
  });

  it('adds a record with each POST, also an equal one', async () => {
    await set('same', true);
    const before = (await history()).length;
    await set('same', true);
    expect(await history()).toHaveLength(before + 1);
  });

  it('keeps every one of 20 parallel POSTs', async () => {
    const before = (await history()).length;
    const replies = await Promise.all(Array.from({ length: 20 }, (_, index) => set(`parallel ${index}`, index % 2 === 0)));
    expect(replies.map((reply) => reply.status)).toEqual(Array(20).fill(200));
    const records = await history();
    expect(records).toHaveLength(before + 20);
    expect(records[0]).toEqual(parseMaintenance((await file.http.get('/maintenance-status')).text));
  });

  it.each(['true', 'yes', 'on', 't', 'y', '1', 'TRUE', 'On', 1])('takes %j for paused', async (word) => {
    expect((await set('word', word)).json()).toMatchObject({ paused: true });
  });

  it.each(['false', 'no', 'off', 'f', 'n', '0', 'False', 0])('takes %j for not paused', async (word) => {
    expect((await set('word', word)).json()).toMatchObject({ paused: false });
  });

  it.each([
    { msg: 'm' },
    { paused: true },
    {},
    { msg: 'm', pause: 1 },
    { msg: 'm', paused: true, more: 1 },
    { msg: 'm', paused: null },
    { msg: 'm', paused: 2 },
    { msg: 'm', paused: 'maybe' },
    { msg: 'm', paused: '' },
    { msg: 'm', paused: [] },
    { msg: null, paused: true },
    { msg: 7, paused: true },
    { msg: { $ne: '' }, paused: true },
  ])('answers 400 to %j and adds nothing', async (body) => {
    const before = await history();
    for (const path of postPaths) {
      const reply = await file.http.post(path, body);
      expect(reply.status).toBe(400);
      expect(reply.json<{ message: string }>().message).toMatch(
        /1 validation error for MaintenanceStatusRequest|2 validation errors for MaintenanceStatusRequest/,
      );
    }
    expect(await history()).toEqual(before);
  });

  it('counts one error for a body with one fault', async () => {
    const reply = await file.http.post('/maintenance-status', { msg: 'm' });
    expect(reply.json<{ message: string }>().message).toContain('1 validation error for MaintenanceStatusRequest');
  });

  it('keeps creating and reporting possible while paused', async () => {
    await set('paused', true);
    const id = await file.compat.create(freshTarget());
    await file.compat.walk(id, 'initiated', 'completed');
    expect((await file.compat.list(workerQueries.imported)).length).toBeGreaterThanOrEqual(0);
    await set('resumed', false);
  });
});
