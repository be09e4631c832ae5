import type { StoredContent } from '../traces.store.js';

/** An event as JSON text: the ids of the server before what the client sent, which is never parsed again. */
export function eventText({ traceId, traceEventId, content }: Pick<StoredContent, 'traceId' | 'traceEventId' | 'content'>): string {
  return `{"trace_id":${JSON.stringify(traceId)},"trace_event_id":"${traceEventId}",${content.slice(1)}`;
}

/** The array of the events in pieces of bounded size; of few events one piece. */
export async function* eventArray(batches: AsyncIterable<readonly StoredContent[]>): AsyncGenerator<string> {
  let held = '[';
  let separator = '';
  for await (const events of batches) {
    if (events.length === 0) continue;
    if (separator !== '') {
      yield held;
      held = '';
    }
    held += `${separator}${events.map(eventText).join(',')}`;
    separator = ',';
  }
  yield `${held}]`;
}
