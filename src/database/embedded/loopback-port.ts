import { randomInt } from 'node:crypto';
import { connect, createServer } from 'node:net';
import { EmbeddedDatabaseError } from './embedded-database-error.js';

const loopback = '127.0.0.1';

const lowestPort = 20_000;
const highestPort = 29_999;

/** A port of 127.0.0.1 that nobody listens on now, below the ranges from which systems take the ports of outgoing connections: it is to be kept. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = randomInt(lowestPort, highestPort + 1);
    if (await isPortFree(port)) return port;
  }
  throw new EmbeddedDatabaseError(`No free port on 127.0.0.1 for the database (100 between ${lowestPort} and ${highestPort} tried).`);
}

/** Whether a server could listen on this port of 127.0.0.1 now. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error)));
    server.listen({ host: loopback, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Whether something accepts connections on this port of 127.0.0.1. */
export async function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: loopback, port });
    const finish = (listening: boolean) => {
      socket.destroy();
      resolve(listening);
    };
    socket.once('connect', () => finish(true));
    socket.once('error', () => finish(false));
  });
}
