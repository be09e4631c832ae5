import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/**
 * Closes connections on which no request is running when the server closes, and the others as soon as theirs has been answered. Node closes only those that wait between
 * two requests at that moment: one that never sent a request, as load balancers and browsers keep in stock, would hold a shutdown up for all of its grace time.
 */
export function closeQuietConnections(instance: FastifyInstance): void {
  const { server } = instance;
  const quiet = new Set<Socket>();
  let closing = false;
  const rest = (socket: Socket): void => {
    if (socket.destroyed) return;
    if (closing) socket.destroySoon();
    else quiet.add(socket);
  };
  server.on('connection', (socket: Socket) => {
    rest(socket);
    socket.once('close', () => quiet.delete(socket));
  });
  server.on('request', ({ socket }, response) => {
    quiet.delete(socket);
    response.once('close', () => rest(socket));
  });
  instance.addHook('preClose', (done) => {
    closing = true;
    for (const socket of quiet) socket.destroySoon();
    done();
  });
}
