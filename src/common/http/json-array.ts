import { once } from 'node:events';
import type { FastifyReply, FastifyRequest } from 'fastify';

const mediaType = 'application/json';

/**
 * Answers with a JSON array whose items arrive in batches. A short list goes out whole; a longer one is streamed in constant memory and without a time
 * limit, stops when the client goes, and destroys the connection when it breaks, so that half a list never looks whole.
 * @param batches JSON texts of the items
 */
export async function sendJsonArray(request: FastifyRequest, reply: FastifyReply, batches: AsyncGenerator<string[]>): Promise<void> {
  const first = await nextItems(batches);
  const second = first === undefined ? undefined : await nextItems(batches);
  if (second === undefined) {
    await reply.header('content-type', mediaType).send(`[${(first ?? []).join(',')}]`);
    return;
  }
  reply.hijack();
  reply.raw.writeHead(200, { ...(reply.getHeaders() as Record<string, string>), 'content-type': mediaType });
  if (request.method === 'HEAD') {
    await batches.return(undefined);
    reply.raw.end();
    return;
  }
  try {
    await writeItems(reply, batches, [first ?? [], second]);
  } catch (error) {
    request.log.warn({ err: error }, 'list broken off');
    reply.raw.destroy();
  }
}

/** The next batch with items; undefined at the end. */
async function nextItems(batches: AsyncGenerator<string[]>): Promise<string[] | undefined> {
  for (;;) {
    const next = await batches.next();
    if (next.done) return undefined;
    if (next.value.length > 0) return next.value;
  }
}

async function writeItems(reply: FastifyReply, batches: AsyncGenerator<string[]>, begun: readonly string[][]): Promise<void> {
  const { raw } = reply;
  const gone = new AbortController();
  raw.once('close', () => gone.abort());
  raw.write('[');
  let separator = '';
  const write = async (items: readonly string[]): Promise<void> => {
    if (items.length === 0) return;
    const flowing = raw.write(`${separator}${items.join(',')}`);
    separator = ',';
    if (!flowing && !raw.destroyed) await once(raw, 'drain', { signal: gone.signal }).catch(() => undefined);
  };
  for (const items of begun) await write(items);
  for await (const items of batches) {
    if (raw.destroyed) return; // leaving the loop closes the database cursor
    await write(items);
  }
  raw.end(']');
}
