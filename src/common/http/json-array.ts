import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendInChunks } from './send-chunks.js';

/**
 * Answers with a JSON array whose items arrive in batches; a long one is streamed.
 * @param batches arrays of items as they are shown; each is made into text at once
 */
export async function sendJsonArray(
  request: FastifyRequest,
  reply: FastifyReply,
  batches: AsyncIterable<readonly object[]>,
): Promise<void> {
  await sendInChunks({ request, reply }, 'application/json', arrayChunks(batches));
}

/** The array in pieces; an array of one batch is one piece. */
async function* arrayChunks(batches: AsyncIterable<readonly object[]>): AsyncGenerator<string> {
  let held = '[';
  let separator = '';
  for await (const items of batches) {
    if (items.length === 0) continue;
    if (separator !== '') {
      yield held;
      held = '';
    }
    held += `${separator}${JSON.stringify(items).slice(1, -1)}`;
    separator = ',';
  }
  yield `${held}]`;
}
