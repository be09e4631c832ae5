import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { createAdapter, installServerRules } from '../../src/common/http/server.js';
import { ServiceUnavailableError } from '../../src/common/errors/service.errors.js';

/** A server with the rules of the service and one route whose handler may take a fifth of a second. */
async function withServer(handlerMs: number, work: (port: number) => Promise<void>): Promise<void> {
  const adapter = createAdapter({
    logger: pino({ enabled: false }),
    trustedProxies: [],
    requestIdOf: () => 'r-1',
    onFrameworkError: (_error, _request, reply) => void reply.status(400).send(),
  });
  const instance = adapter.getInstance<FastifyInstance>();
  installServerRules(instance);
  instance.setErrorHandler((error, _request, reply) => reply.status(error instanceof ServiceUnavailableError ? 503 : 500).send());
  instance.post('/slow', { config: { handlerSeconds: 0.2 } }, async () => {
    await sleep(handlerMs);
    return { done: true };
  });
  await instance.listen({ port: 0, host: '127.0.0.1' });
  try {
    await work((instance.server.address() as AddressInfo).port);
  } finally {
    await instance.close();
  }
}

/** The status of a POST whose body is sent in two parts with a pause between them. */
const post = (port: number, pauseMs: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': '2', connection: 'close' };
    const call = httpRequest({ port, host: '127.0.0.1', path: '/slow', method: 'POST', headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    call.once('error', reject);
    call.write('{');
    setTimeout(() => call.end('}'), pauseMs);
  });

describe('the time of a handler', () => {
  it('is limited: a handler that takes longer is answered 503', () =>
    withServer(1_500, async (port) => {
      expect(await post(port, 0)).toBe(503);
    }));

  it('begins when the body has been read: a slow sender is not the fault of the handler', () =>
    withServer(0, async (port) => {
      expect(await post(port, 600)).toBe(200);
    }));
});
