import { once } from 'node:events';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ServiceUnavailableError } from '../errors/service.errors.js';

/** Long answers of one process: how many at once, and how long a reader may take nothing of one. Each holds a few hundred documents in memory. */
const streamLimits = { atOnce: 32, stalledMs: 60_000 };
let streaming = 0;

/**
 * Answers with text that arrives in chunks. One chunk goes out whole; more are streamed in constant memory and without a time limit. The stream stops when
 * the client goes or stalls, and destroys the connection when it breaks, so that half an answer never looks whole.
 * @throws ServiceUnavailableError when too many answers are being streamed
 */
export async function sendInChunks(
  { request, reply, limits = streamLimits }: { request: FastifyRequest; reply: FastifyReply; limits?: typeof streamLimits },
  mediaType: string,
  chunks: AsyncGenerator<string>,
): Promise<void> {
  const first = await chunks.next();
  const second = first.done ? first : await chunks.next();
  if (second.done) {
    await reply.header('content-type', mediaType).send(Buffer.from(first.done ? '' : first.value));
    return;
  }
  if (streaming >= limits.atOnce) {
    await chunks.return(undefined);
    throw new ServiceUnavailableError('Too many long lists are being read. Try again.');
  }
  reply.hijack();
  reply.raw.writeHead(200, { ...(reply.getHeaders() as Record<string, string>), 'content-type': mediaType });
  reply.raw.setTimeout(limits.stalledMs, () => reply.raw.destroy());
  streaming++;
  try {
    if (request.method === 'HEAD') await chunks.return(undefined);
    else await writeAll(reply, [first.value as string, second.value], chunks);
    reply.raw.end();
  } catch (error) {
    request.log.warn({ err: error }, 'answer broken off');
    reply.raw.destroy();
  } finally {
    streaming--;
  }
}

async function writeAll({ raw }: FastifyReply, begun: readonly string[], chunks: AsyncGenerator<string>): Promise<void> {
  const gone = new AbortController();
  raw.once('close', () => gone.abort());
  const write = async (chunk: string): Promise<void> => {
    if (!raw.write(chunk) && !raw.destroyed) await once(raw, 'drain', { signal: gone.signal }).catch(() => undefined);
  };
  for (const chunk of begun) await write(chunk);
  for await (const chunk of chunks) {
    if (raw.destroyed) return; // leaving the loop closes the database cursor
    await write(chunk);
  }
}
