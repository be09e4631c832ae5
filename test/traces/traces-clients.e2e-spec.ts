import { beforeAll, describe, expect, it } from '@jest/globals';
import { useService } from '../support/use-service.js';
import { ClientError, OkdataCli, OkdataSdk, wrapperPayload } from './okdata-clients.js';
import { freshDataset, TraceClient, upload } from './trace-client.js';

const at = (second: number) => `2026-11-25T18:33:${String(second).padStart(2, '0')}.739470+00:00`;
const times = (second: number) => ({ startTime: at(second), endTime: at(second + 1) });
const errors = [{ message: { nb: 'Feil verdi.', en: 'Invalid value.' } }, { message: { nb: 'Bare på norsk' } }];

describe('the clients of the trace service, with the bytes that they send', () => {
  const file = useService({});
  let uploader: TraceClient;
  let sdk: OkdataSdk;
  let cli: OkdataCli;
  beforeAll(async () => {
    const token = await file.service.token('worker', '*');
    uploader = new TraceClient(file.http, token);
    sdk = new OkdataSdk(file.service.url, token);
    cli = new OkdataCli(sdk);
  }, 60_000);

  const newTrace = () => uploader.create(upload(freshDataset()));
  /** The handler at the end of a state machine. @see contracts/traces.md 7.4 */
  const finish = (traceId: string, outcome: string, second = 30) =>
    sdk.updateStatus(
      traceId,
      `{"trace_id": "${traceId}", "domain": "dataset", "start_time": "${at(second)}", "end_time": "${at(second)}", "trace_status": "FINISHED", ` +
        `"trace_event_status": "${outcome}", "component": "status-api", "operation": "_set_finished_status"}`,
    );

  it('S24: the wrapper reports a step, a failing step, and a step that has no name', async () => {
    const traceId = await newTrace();
    const bodies = [
      wrapperPayload(traceId, { ...times(1), component: 'copier', status_body: { files_incoming: ['å'], files_outgoing: ['b'] } }),
      wrapperPayload(traceId, { ...times(2), component: 'copier', exception: 'kaput', errors }),
      wrapperPayload(traceId, times(3)),
    ];
    expect(bodies[0]).toContain('"files_incoming": ["\\u00e5"]');
    for (const body of bodies) {
      const answer = await sdk.updateStatus(traceId, body);
      expect([answer.status, answer.contentType]).toEqual([200, 'application/json']);
      const { trace_event_id: id, ...stored } = JSON.parse(answer.body) as Record<string, unknown>;
      expect(id).toMatch(/^[0-9a-f-]{36}$/);
      expect(stored).toEqual({ component: 'N/A', ...(JSON.parse(body) as object) });
    }
    const events = await uploader.events(traceId);
    expect(events.slice(1).map(({ trace_status, trace_event_status, component }) => [trace_status, trace_event_status, component])).toEqual(
      [
        ['CONTINUE', 'OK', 'copier'],
        ['FINISHED', 'FAILED', 'copier'],
        ['CONTINUE', 'OK', 'N/A'],
      ],
    );
    expect(events[2]).toMatchObject({ exception: 'kaput', errors });
  });

  it('S12: the SDK may send an event again when no answer came', async () => {
    const traceId = await newTrace();
    const body = wrapperPayload(traceId, { ...times(1), component: 'copier' });
    const answers = [await sdk.updateStatus(traceId, body), await sdk.updateStatus(traceId, body)];
    expect(answers[1]).toEqual(answers[0]);
    expect(await uploader.events(traceId)).toHaveLength(2);
  });

  it('S23: the command line shows a new trace, one that goes on, and both ends', async () => {
    const [good, bad] = [await newTrace(), await newTrace()];
    expect(await cli.status(good)).toEqual({ done: false, trace_id: good, trace_status: 'STARTED', trace_event_status: 'OK', errors: [] });
    await sdk.updateStatus(good, wrapperPayload(good, { ...times(1), component: 'copier' }));
    expect(await cli.status(good)).toMatchObject({ done: false, trace_status: 'CONTINUE', trace_event_status: 'OK' });
    await finish(good, 'OK');
    expect(await cli.status(good)).toMatchObject({ done: true, trace_status: 'FINISHED', trace_event_status: 'OK' });
    await sdk.updateStatus(bad, wrapperPayload(bad, { ...times(1), component: 'copier', exception: 'kaput', errors }));
    await finish(bad, 'FAILED');
    expect(await cli.status(bad)).toEqual({
      done: true,
      trace_id: bad,
      trace_status: 'FINISHED',
      trace_event_status: 'FAILED',
      errors: ['Invalid value.'],
    });
  });

  it('S23: the command line lists the history of a trace, with N/A for what a step does not say', async () => {
    const traceId = await newTrace();
    await finish(traceId, 'OK');
    await sdk.updateStatus(traceId, wrapperPayload(traceId, { ...times(1), exception: 'kaput', errors }));
    expect(await cli.history(traceId)).toMatchObject([
      { component: 'data-uploader', operation: 'upload', trace_status: 'STARTED', errors: [] },
      { component: 'N/A', operation: 'copy', domain_id: 'ds/1', trace_event_status: 'FAILED', errors: ['Invalid value.'] },
      { component: 'status-api', operation: '_set_finished_status', domain_id: 'N/A', trace_status: 'FINISHED' },
    ]);
  });

  it('S23: the command line watches a trace until it has ended', async () => {
    const traceId = await newTrace();
    const steps = [() => sdk.updateStatus(traceId, wrapperPayload(traceId, times(1))), () => finish(traceId, 'OK')];
    const status = await cli.watch(traceId, () => steps.shift()!());
    expect([status.done, steps.length]).toEqual([true, 0]);
  });

  it('S23: the native summary agrees with the command line about the end of a trace', async () => {
    const traceId = await newTrace();
    await sdk.updateStatus(traceId, wrapperPayload(traceId, { ...times(1), component: 'copier', exception: 'kaput' }));
    await finish(traceId, 'OK');
    const reader = { authorization: uploader.headers['authorization']! };
    const trace = (await file.http.get(`/api/v1/traces/${traceId}`, reader)).json<{ state: string }>();
    expect([trace.state, (await cli.status(traceId)).trace_event_status]).toEqual(['failed', 'FAILED']);
  });

  it.each([
    ['an unknown trace', 'ds-unknown', 'An error occurred: Could not find item: ds-unknown'],
    ['a path that nobody serves', 'a/b', /^An error occurred: \w/],
  ])('S23: the command line prints why it cannot show %s', async (_what, traceId, message) => {
    await expect(cli.status(traceId)).rejects.toThrow(ClientError);
    await expect(cli.status(traceId)).rejects.toThrow(message);
  });

  it('S25: answers appends of 32 clients at once far within the patience of the SDK', async () => {
    const traceId = await newTrace();
    const slowest = await Promise.all(
      Array.from({ length: 32 }, async (_, client) => {
        let slowestMs = 0;
        for (let round = 0; round < 10; round++) {
          const sentAt = performance.now();
          const { status } = await sdk.updateStatus(traceId, wrapperPayload(traceId, { ...times(round), component: `c${client}` }));
          expect(status).toBe(200);
          slowestMs = Math.max(slowestMs, performance.now() - sentAt);
        }
        return slowestMs;
      }),
    );
    expect(Math.max(...slowest)).toBeLessThan(10_000);
  });
});
