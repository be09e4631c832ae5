import { once } from 'node:events';
import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * Answers with text that arrives in chunks. One chunk goes out whole; more are streamed in constant memory and without a time limit. The stream stops when
 * the client goes, and destroys the connection when it breaks, so that half an answer never looks whole.
 */
export async function sendInChunks(
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
  mediaType: string,
  chunks: AsyncGenerator<string>,
): Promise<void> {
  const first = await chunks.next();
  const second = first.done ? first : await chunks.next();
  if (second.done) {
    await reply.header('content-type', mediaType).send(Buffer.from(first.done ? '' : first.value));
    return;
  }
  reply.hijack();
  reply.raw.writeHead(200, { ...(reply.getHeaders() as Record<string, string>), 'content-type': mediaType });
  try {
    if (request.method === 'HEAD') await chunks.return(undefined);
    else await writeAll(reply, [first.value as string, second.value], chunks);
    reply.raw.end();
  } catch (error) {
    request.log.warn({ err: error }, 'answer broken off');
    reply.raw.destroy();
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
