import { type IncomingMessage, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { fastify, type FastifyReply, type FastifyRequest } from 'fastify';
import { sendInChunks } from '../../src/common/http/send-chunks.js';
import { sendList } from '../../src/common/http/send-list.js';

const limits = { atOnce: 2, stalledMs: 300 };

/** The source of one long answer. */
interface Source {
  given: number;
  /** Set once nobody asks it for more. */
  closed: boolean;
}

type Answer = (http: { request: FastifyRequest; reply: FastifyReply }, source: Source) => Promise<void>;

/** Chunks until nobody wants them any more, or there are as many as wanted. */
async function* chunks(source: Source, count: number, size = 65_536): AsyncGenerator<string> {
  try {
    for (; source.given < count; source.given += 1) {
      yield 'x'.repeat(size);
      await sleep(0);
    }
  } finally {
    source.closed = true;
  }
}

/** A server of one route. */
async function withServer(answer: Answer, work: (port: number, sources: Source[]) => Promise<void>): Promise<void> {
  const instance = fastify();
  const sources: Source[] = [];
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const source = { given: 0, closed: false };
    sources.push(source);
    await answer({ request, reply }, source);
    return reply;
  };
  instance.route({ method: ['GET', 'HEAD'], url: '/', handler });
  instance.setErrorHandler((error, _request, reply) =>
    reply.status(error instanceof Error && /Too many/.test(error.message) ? 503 : 500).send(),
  );
  await instance.listen({ port: 0, host: '127.0.0.1' });
  try {
    await work((instance.server.address() as AddressInfo).port, sources);
  } finally {
    instance.server.closeAllConnections();
    await instance.close();
  }
}

const begin = (port: number, method = 'GET', headers: Record<string, string> = {}): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    httpRequest({ port, host: '127.0.0.1', method, headers: { connection: 'close', ...headers } }, resolve)
      .once('error', reject)
      .end();
  });

/** The whole body; null when the connection breaks before its end. */
async function bodyOf(answer: IncomingMessage): Promise<string | null> {
  const parts: Buffer[] = [];
  try {
    for await (const part of answer) parts.push(part as Buffer);
    return Buffer.concat(parts).toString();
  } catch {
    return null;
  }
}

const untilClosed = async (source: Source): Promise<void> => {
  while (!source.closed) await sleep(10);
};

const endless: Answer = (http, source) => sendInChunks({ ...http, limits }, 'text/plain', chunks(source, Infinity));

describe('a long answer', () => {
  it('arrives whole', async () => {
    await withServer(
      (http, source) => sendInChunks({ ...http, limits }, 'text/plain', chunks(source, 20)),
      async (port) => {
        const answer = await begin(port);
        expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'text/plain']);
        expect((await bodyOf(answer))?.length).toBe(20 * 65_536);
      },
    );
  });

  it('of one chunk has a length and needs no place', async () => {
    await withServer(
      (http, source) => sendInChunks({ ...http, limits: { ...limits, atOnce: 0 } }, 'text/plain', chunks(source, 1, 10)),
      async (port) => {
        const answer = await begin(port);
        expect([answer.statusCode, answer.headers['content-length']]).toEqual([200, '10']);
        answer.resume();
      },
    );
  });

  it('is refused while there are too many, and its source is closed; a place that gets free is given again', async () => {
    await withServer(endless, async (port, sources) => {
      const [first, second] = [await begin(port), await begin(port)];
      expect([first, second].map(({ statusCode }) => statusCode)).toEqual([200, 200]);
      const third = await begin(port);
      third.resume();
      expect(third.statusCode).toBe(503);
      await untilClosed(sources[2]!);
      first.destroy();
      await untilClosed(sources[0]!);
      const fourth = await begin(port);
      expect(fourth.statusCode).toBe(200);
      for (const reader of [second, fourth]) reader.destroy();
      await Promise.all(sources.map(untilClosed));
    });
  });

  it('ends when its reader takes nothing for too long, and not while it takes a little', async () => {
    await withServer(endless, async (port, sources) => {
      const [stalled, slow] = [await begin(port), await begin(port)];
      stalled.pause();
      stalled.on('error', () => undefined);
      let taken = 0;
      slow.on('data', (part: Buffer) => {
        taken += part.length;
        slow.pause();
        setTimeout(() => slow.resume(), 20);
      });
      await untilClosed(sources[0]!);
      expect(sources[1]!.closed).toBe(false);
      expect(taken).toBeGreaterThan(0);
      for (const reader of [stalled, slow]) reader.destroy();
      await untilClosed(sources[1]!);
    });
  });

  it('that breaks in the middle does not look whole', async () => {
    const breaking: Answer = (http, source) =>
      sendInChunks(
        { ...http, limits },
        'text/plain',
        (async function* () {
          yield* chunks(source, 5);
          throw new Error('the database is away');
        })(),
      );
    await withServer(breaking, async (port) => {
      expect(await bodyOf(await begin(port))).toBeNull();
    });
  });

  it('to HEAD is its head alone', async () => {
    await withServer(endless, async (port, sources) => {
      const answer = await begin(port, 'HEAD');
      expect([answer.statusCode, await bodyOf(answer)]).toEqual([200, '']);
      await untilClosed(sources[0]!);
    });
  });

  it('is a whole list as CSV over all of its pages, with one header', async () => {
    const pages: { n: number; text: string | null }[][] = [
      [
        { n: 1, text: '=1' },
        { n: 2, text: 'b' },
      ],
      [{ n: 3, text: null }],
    ];
    const list: Answer = ({ request, reply }) =>
      sendList<{ n: number; text: string | null }, { limit: number; cursor?: string }>({ request, reply }, { limit: 1 }, ({ cursor }) => {
        const index = Number(cursor ?? 0);
        return Promise.resolve({ items: pages[index]!, nextCursor: index === 0 ? '1' : null, prevCursor: null });
      });
    await withServer(list, async (port) => {
      expect(await bodyOf(await begin(port, 'GET', { accept: 'text/csv' }))).toBe("n,text\n1,'=1\n2,b\n3,\n");
    });
  });
});
