import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AppError } from '../errors/app-error.js';
import { RequestInvalidError, RequestTimedOutError } from '../errors/request.errors.js';

type ClientError = Error & { readonly code?: string };

const withoutRequest: Record<string, readonly [string, string]> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'The request headers are larger than 16 KiB.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request was not received in time.'],
};

/** Requests whose body is still on its way, by their connection. */
const arriving = new WeakMap<Socket, { readonly request: FastifyRequest; readonly reply: FastifyReply }>();

const inBody = ({ code }: ClientError): AppError =>
  code === 'ERR_HTTP_REQUEST_TIMEOUT' ? new RequestTimedOutError() : new RequestInvalidError('The body is not framed as HTTP asks for.');

/** Answers what never became an HTTP request, so that it has neither path nor id: in the envelope that unknown paths have. */
function answerNoRequest({ code }: ClientError, socket: Socket): void {
  const [status, message] = withoutRequest[code ?? ''] ?? ['400 Bad Request', 'This is not an HTTP request.'];
  const body = JSON.stringify({ message });
  const head = `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close`;
  socket.end(`${head}\r\n\r\n${body}`, () => socket.destroySoon());
}

/** Answers what Node could not read: in the envelope of the request when that went wrong in its body. The connection is closed. */
export function answerClientError(error: ClientError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { request, reply } = arriving.get(socket) ?? {};
  arriving.delete(socket);
  if (!request || !reply || request.raw.complete || reply.sent) answerNoRequest(error, socket);
  else void reply.header('connection', 'close').send(inBody(error));
}

/** Keeps in mind which request is arriving on a connection, for `answerClientError`. */
export function watchArrivals(instance: FastifyInstance): void {
  instance.addHook('onRequest', (request, reply, done) => {
    if (!request.raw.complete) arriving.set(request.raw.socket, { request, reply });
    done();
  });
  instance.addHook('preValidation', ({ raw: { socket } }, _reply, done) => {
    arriving.delete(socket);
    done();
  });
}
