import type { RunEvent } from '../openlineage/openlineage.js';

/** What became of a call: taken; refused, so that the same event can never be taken; or not answered as it should, which may be otherwise later. */
export type Delivery =
  | { readonly kind: 'taken' }
  | { readonly kind: 'refused'; readonly status: number; readonly answer: string }
  | { readonly kind: 'failed'; readonly why: string; readonly status: number | null; readonly retryAfterMs: number };

/** Where events go. */
export interface ReceiverAddress {
  readonly url: string;
  /** Bearer token; null without. */
  readonly apiKey: string | null;
}

/** Shorter than the lease of the sender, so that it knows whether it still has it. */
const callMs = 8_000;
const maxAnswerBytes = 65_536;
const shownCharacters = 1_024;
const longestPauseMs = 300_000;

/**
 * Answers that speak of the event itself: it will not be taken the next time either. All else, a wrong key or address included, may be repaired on either side without
 * losing an event.
 */
const refusals = new Set([400, 409, 410, 411, 413, 414, 415, 422, 431]);

const eventsPath = '/api/v1/lineage';

/** Where events are posted: an address without a path gets the one that receivers of OpenLineage have. */
export function eventsUrlOf(address: string): string {
  const url = new URL(address);
  if (url.pathname === '/' || url.pathname === '') url.pathname = eventsPath;
  return url.href;
}

/** The start of an answer as text; the rest is not read. */
async function beginningOf({ body }: Response): Promise<string> {
  if (!body) return '';
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes >= maxAnswerBytes) break; // leaving the loop ends the call
  }
  return Buffer.concat(chunks).toString('utf8').slice(0, shownCharacters).toWellFormed();
}

/** The pause that an answer asks for, in milliseconds; 0 where it asks for none. */
function pauseOf(header: string | null): number {
  if (header === null) return 0;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : new Date(header).getTime() - Date.now();
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), longestPauseMs) : 0;
}

/**
 * Posts events to the receiver that the settings name: 8 s a call, no redirects, at most 64 KiB of an answer.
 * @see SECURITY.md 9
 */
export class OpenLineageReceiver {
  private readonly url: string;

  /** @param limitMs of a call */
  constructor(
    private readonly address: ReceiverAddress,
    private readonly limitMs: number = callMs,
  ) {
    this.url = eventsUrlOf(address.url);
  }

  /** Posts one event. Never throws. */
  async post(event: RunEvent, signal: AbortSignal): Promise<Delivery> {
    try {
      const { apiKey } = this.address;
      const response = await fetch(this.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(apiKey !== null && { authorization: `Bearer ${apiKey}` }) },
        body: JSON.stringify(event),
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(this.limitMs)]),
      });
      return await this.deliveryOf(response);
    } catch (error) {
      return { kind: 'failed', why: reasonOf(error as Error), status: null, retryAfterMs: 0 };
    }
  }

  private async deliveryOf(response: Response): Promise<Delivery> {
    const { status, ok, headers } = response;
    const answer = await beginningOf(response);
    if (ok) return { kind: 'taken' };
    if (refusals.has(status)) return { kind: 'refused', status, answer };
    return { kind: 'failed', why: `the receiver answers ${status}`, status, retryAfterMs: pauseOf(headers.get('retry-after')) };
  }
}

/** What an error of a call says, with the cause that `fetch` hides. */
function reasonOf({ message, cause }: Error): string {
  const { message: hidden, code } = (cause ?? {}) as { message?: string; code?: string };
  return hidden || code ? `${message}: ${hidden || code}` : message;
}
