import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { createAdapter, installServerRules } from '../../src/common/http/server.js';

/** A server with the rules of the service and a route that answers when it is told to. */
async function startServer() {
  const adapter = createAdapter({
    logger: pino({ enabled: false }),
    trustedProxies: [],
    requestIdOf: () => 'r-1',
    onFrameworkError: (_error, _request, reply) => void reply.status(400).send(),
  });
  const instance = adapter.getInstance<FastifyInstance>();
  installServerRules(instance);
  let answer = (): void => undefined;
  const told = new Promise<void>((resolve) => (answer = resolve));
  let began = (): void => undefined;
  const running = new Promise<void>((resolve) => (began = resolve));
  instance.get('/quick', () => ({ done: true }));
  instance.get('/slow', async () => {
    began();
    await told;
    return { done: true };
  });
  await instance.listen({ port: 0, host: '127.0.0.1' });
  return { instance, port: (instance.server.address() as AddressInfo).port, answer, running };
}

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

const get = (port: number, path: string, agent: Agent): Promise<number> =>
  new Promise((resolve, reject) => {
    httpRequest({ port, host: '127.0.0.1', path, agent }, (answer) => answer.resume().once('end', () => resolve(answer.statusCode ?? 0)))
      .once('error', reject)
      .end();
  });

describe('a server that closes', () => {
  it('waits for running requests, and for no connection on which none is running', async () => {
    const { instance, port, answer, running } = await startServer();
    const agents = [new Agent({ keepAlive: true }), new Agent({ keepAlive: true })] as const;
    const silent = await connected(port);
    const begun = await connected(port);
    begun.write('GET /quick HTTP/1.1\r\nHos'); // and never the rest
    expect(await get(port, '/quick', agents[0])).toBe(200);
    const slow = get(port, '/slow', agents[1]);
    await running;
    let closed = false;
    const ends = [silent, begun].map((socket) => once(socket.resume(), 'close'));
    const closing = instance.close().then(() => (closed = true));
    await Promise.all(ends);
    await sleep(100);
    expect(closed).toBe(false);
    answer();
    expect(await slow).toBe(200);
    await closing;
    for (const agent of agents) agent.destroy();
  });
});
