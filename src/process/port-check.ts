import { createServer } from 'node:net';
import { StartError } from './start-errors.js';

const reasons: Record<string, (place: string) => string> = {
  EADDRINUSE: (place) => `${place} is in use by another program. Stop it, or choose another port: PORT=8001 npm start`,
  EACCES: (place) => `${place} may not be used by this user. Choose a port above 1023: PORT=8000 npm start`,
  EADDRNOTAVAIL: (place) => `${place} is no address of this machine. Correct HOST.`,
};

/**
 * Finds out before the database is started whether the address can be listened on.
 * @throws StartError with the cure
 */
export async function assertPortFree({ host, port }: { host: string; port: number }): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason =
        reasons[error.code ?? ''] ?? ((place: string) => `${place} cannot be listened on: ${error.message}. Correct HOST or PORT.`);
      reject(new StartError(reason(`Port ${port} on ${host}`)));
    });
    server.listen({ host, port }, () => server.close(() => resolve()));
  });
}
