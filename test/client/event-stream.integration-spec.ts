import { describe, expect, it } from '@jest/globals';
import { createClient, InvalidRequestError, type StreamMessage } from '../../src/client/index.js';
import { type Answer, type FakeService, inTurn, problem, withFakeService } from './fake-service.js';

const streaming =
  (...chunks: string[]): Answer =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const chunk of chunks) response.write(chunk);
    response.end();
  };

const completed = (seq: number) => {
  const data = {
    id: `7b0c:${seq}`,
    type: 'job.completed.v1',
    subject: 'jobs/7b0c',
    time: '2026-06-11T08:15:30.120Z',
    seq: String(seq),
    data: {},
  };
  return `id: ${seq}\nevent: job.completed.v1\ndata: ${JSON.stringify(data)}\n\n`;
};

async function read(fake: FakeService, count: number): Promise<StreamMessage[]> {
  const client = createClient({ url: fake.url, retries: { tries: 1, firstPauseMs: 1, longestPauseMs: 2 } });
  const messages: StreamMessage[] = [];
  for await (const message of client.events({ topic: ['job'], afterSeq: 5 })) {
    messages.push(message);
    if (messages.length === count) break;
  }
  return messages;
}

describe('client.events', () => {
  it('gives the events, and goes on behind the last one after an interruption', () =>
    withFakeService(
      { 'GET /api/v1/events/stream': inTurn(streaming('retry: 1\n\n', completed(6), completed(7).slice(0, 20)), streaming(completed(7))) },
      async (fake) => {
        const messages = await read(fake, 4);
        expect(messages.map((message) => (message.kind === 'event' ? message.event.seq : message.kind))).toEqual([
          'open',
          '6',
          'open',
          '7',
        ]);
        expect(fake.arrived[0]!.query.toString()).toBe('topic=job&afterSeq=5');
        expect(fake.arrived[1]!.query.toString()).toBe('topic=job');
        expect(fake.arrived[1]!.headers['last-event-id']).toBe('6');
      },
    ));

  it('moves its place by ids without data, also where a chunk ends in the middle', () =>
    withFakeService(
      { 'GET /api/v1/events/stream': inTurn(streaming(': beat\ni', 'd: 41\n', '\n'), streaming(completed(42))) },
      async (fake) => {
        await read(fake, 3);
        expect(fake.arrived[1]!.headers['last-event-id']).toBe('41');
      },
    ));

  it('says when events between are gone, and ignores the farewell', () =>
    withFakeService(
      {
        'GET /api/v1/events/stream': inTurn(
          streaming('event: reset\ndata: {"latestSeq":9}\n\n', 'event: goodbye\ndata: {}\n\n'),
          streaming(completed(10)),
        ),
      },
      async (fake) => {
        expect((await read(fake, 4)).map(({ kind }) => kind)).toEqual(['open', 'reset', 'open', 'event']);
      },
    ));

  it('comes back when the service is not there for a while', () =>
    withFakeService(
      {
        'GET /api/v1/events/stream': inTurn(
          problem(503, 'SERVICE.STOPPING'),
          (response) => void response.destroy(),
          streaming(completed(6)),
        ),
      },
      async (fake) => {
        expect((await read(fake, 2)).map(({ kind }) => kind)).toEqual(['open', 'event']);
      },
    ));

  it('does not come back when the service refuses', () =>
    withFakeService({ 'GET /api/v1/events/stream': () => problem(400, 'REQUEST.INVALID') }, async (fake) => {
      await expect(read(fake, 1)).rejects.toThrow(InvalidRequestError);
      expect(fake.arrived).toHaveLength(1);
    }));
});
