import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendInChunks } from './send-chunks.js';

/**
 * Answers with a JSON array whose items arrive in batches; a long one is streamed.
 * @param batches JSON texts of the items
 */
export async function sendJsonArray(request: FastifyRequest, reply: FastifyReply, batches: AsyncGenerator<string[]>): Promise<void> {
  await sendInChunks({ request, reply }, 'application/json', arrayChunks(batches));
}

/** The array in pieces; an array of one batch is one piece. */
async function* arrayChunks(batches: AsyncGenerator<string[]>): AsyncGenerator<string> {
  let held = '[';
  let separator = '';
  for await (const items of batches) {
    if (items.length === 0) continue;
    if (separator !== '') {
      yield held;
      held = '';
    }
    held += `${separator}${items.join(',')}`;
    separator = ',';
  }
  yield `${held}]`;
}
