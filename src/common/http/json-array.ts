import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendInChunks } from './send-chunks.js';

/**
 * Answers with a JSON array whose items arrive in pieces; a long one is streamed.
 * @param pieces texts as `itemsText` makes them; an empty one is no item
 */
export async function sendJsonArray(request: FastifyRequest, reply: FastifyReply, pieces: AsyncIterable<string>): Promise<void> {
  await sendInChunks({ request, reply }, 'application/json', arrayChunks(pieces));
}

/** Items of an array as JSON, with commas between them and no brackets around; empty without items. */
export const itemsText = (items: readonly object[]): string => JSON.stringify(items).slice(1, -1);

/** The array in pieces; an array of one batch is one piece. */
async function* arrayChunks(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let held = '[';
  let separator = '';
  for await (const items of pieces) {
    if (items === '') continue;
    if (separator !== '') {
      yield held;
      held = '';
    }
    held += `${separator}${items}`;
    separator = ',';
  }
  yield `${held}]`;
}
