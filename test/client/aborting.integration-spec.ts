import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { createClient, NoAnswerError, type SignalboxClient } from '../../src/client/index.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** A service that begins a stream and never ends it, and answers nothing else. */
async function withSilentService(work: (client: SignalboxClient) => Promise<void>): Promise<void> {
  const server = createServer((request, response) => {
    request.resume();
    if (request.url!.includes('stream')) response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': open\n\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await work(createClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, retries: { tries: 1 } }));
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

async function collectOften(): Promise<void> {
  for (let times = 0; times < 8; times++) {
    await sleep(50);
    collectGarbage();
  }
}

describe('a signal, after garbage was collected', () => {
  it('still ends a call that waits for its answer', async () => {
    await withSilentService(async (client) => {
      const abort = new AbortController();
      const call = client.request({ method: 'POST', path: '/api/v1/jobs/claim', body: {}, signal: abort.signal });
      await collectOften();
      abort.abort();
      await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    });
  }, 20_000);

  it('still ends an open stream', async () => {
    await withSilentService(async (client) => {
      const abort = new AbortController();
      const kinds: string[] = [];
      const reading = (async () => {
        for await (const { kind } of client.events({}, { signal: abort.signal })) kinds.push(kind);
      })();
      await collectOften();
      abort.abort();
      await reading;
      expect(kinds).toEqual(['open']);
    });
  }, 20_000);

  it('is not needed where the time of a try is over', async () => {
    await withSilentService(async (client) => {
      const call = client.request({ path: '/api/v1/jobs', timeoutMs: 500 });
      const refused = expect(call).rejects.toThrow(NoAnswerError);
      await collectOften();
      await refused;
    });
  }, 20_000);
});
