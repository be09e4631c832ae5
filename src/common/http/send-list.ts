import { stringify } from 'csv-stringify/sync';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { linkHeaderOf, type Page, type PageQueryDto } from './page.js';
import { sendInChunks } from './send-chunks.js';

/** The request and its answer. */
export interface Http {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

const csvPageSize = 200;

/** How much a caller wants a media type: 1 unless it says less, 0 when it does not name it. */
function weightOf(mediaType: string, accept: string): number {
  const named = accept.split(',').find((range) => range.split(';', 1)[0]?.trim().toLowerCase() === mediaType);
  if (named === undefined) return 0;
  return Number(/;\s*q=([\d.]+)/i.exec(named)?.[1] ?? 1);
}

/** True when the caller names CSV, and wants it more than JSON. */
const wantsCsv = ({ headers: { accept = '' } }: FastifyRequest): boolean =>
  weightOf('text/csv', accept) > weightOf('application/json', accept);

/** A value of one cell: what is no scalar as JSON, null as nothing. */
const cellOf = (value: unknown): unknown => (typeof value === 'object' && value !== null ? JSON.stringify(value) : value);

/** Rows of one page; the first page brings the header. Cells that a spreadsheet would take for formulas are defused. */
function csvOf(items: readonly object[], columns: readonly string[] | undefined): string {
  const names = columns ?? Object.keys(items[0] ?? {});
  const rows = items.map((item) => names.map((name) => cellOf((item as Record<string, unknown>)[name])));
  return stringify(columns ? rows : [[...names], ...rows], { escape_formulas: true });
}

async function* csvPages<T extends object, Q extends PageQueryDto>(
  first: Page<T>,
  query: Q,
  read: (query: Q) => Promise<Page<T>>,
): AsyncGenerator<string> {
  if (first.items.length === 0) return;
  yield csvOf(first.items, undefined);
  const columns = Object.keys(first.items[0]!);
  for (let cursor = first.nextCursor; cursor;) {
    const page = await read({ ...query, cursor });
    if (page.items.length > 0) yield csvOf(page.items, columns);
    cursor = page.nextCursor;
  }
}

/**
 * Answers with one page of a list and its `Link` header; with `Accept: text/csv` with the whole filtered list as CSV, streamed.
 * @param read one page, with its items as they are shown
 * @see API.md 1.3
 */
export async function sendList<T extends object, Q extends PageQueryDto>(
  { request, reply }: Http,
  query: Q,
  read: (query: Q) => Promise<Page<T>>,
): Promise<void> {
  if (wantsCsv(request)) {
    const wide = { ...query, limit: csvPageSize };
    await sendInChunks({ request, reply }, 'text/csv; charset=utf-8', csvPages(await read(wide), wide, read));
    return;
  }
  const page = await read(query);
  const link = linkHeaderOf(page, request.url);
  if (link !== undefined) reply.header('Link', link);
  await reply.send(page);
}
