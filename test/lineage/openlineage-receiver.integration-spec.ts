import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import type { RunEvent } from '../../src/lineage/openlineage/openlineage.js';
import { OpenLineageReceiver } from '../../src/lineage/sending/openlineage-receiver.js';

/** Runs the work with the address of a server. */
async function withServer(listener: RequestListener, work: (url: string) => Promise<void>): Promise<void> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}/events`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const event = { eventType: 'START' } as unknown as RunEvent;
const post = (url: string, limitMs?: number, signal = new AbortController().signal) =>
  new OpenLineageReceiver({ url, apiKey: null }, limitMs).post(event, signal);

describe('OpenLineageReceiver', () => {
  it('does not follow to another address', async () => {
    const paths: string[] = [];
    const listener: RequestListener = ({ url }, response) => {
      paths.push(url!);
      response.writeHead(307, { location: '/elsewhere' }).end();
    };
    await withServer(listener, async (url) => expect(await post(url)).toMatchObject({ kind: 'failed', status: null }));
    expect(paths).toEqual(['/events']);
  });

  it('reads the beginning of an answer that does not end', async () => {
    const listener: RequestListener = (_request, response) => {
      response.writeHead(422);
      const more = (): void => {
        if (!response.destroyed) response.write('x'.repeat(16_384), () => setImmediate(more));
      };
      more();
    };
    await withServer(listener, async (url) => {
      const delivery = await post(url);
      expect(delivery).toMatchObject({ kind: 'refused', status: 422, answer: 'x'.repeat(1_024) });
    });
  });

  it('gives up a call that is not answered, at its limit or when the process stops', () =>
    withServer(
      () => undefined,
      async (url) => {
        expect(await post(url, 50)).toMatchObject({ kind: 'failed', status: null });
        expect(await post(url, 60_000, AbortSignal.timeout(50))).toMatchObject({ kind: 'failed', status: null });
      },
    ));

  it('says that nobody is there', async () => {
    expect(await post('http://127.0.0.1:1/events')).toMatchObject({ kind: 'failed', why: expect.stringMatching(/ECONNREFUSED|bad port/) });
  });
});
