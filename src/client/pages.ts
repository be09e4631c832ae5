import type { paths } from './openapi.types.js';

/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
  readonly prevCursor: string | null;
}

type OkOf<P extends keyof paths> = paths[P] extends { get: { responses: { 200: { content: { 'application/json': infer Body } } } } }
  ? Body
  : never;

/** Paths of the published API whose GET answers a page. */
export type ListPath = {
  [P in keyof paths]: OkOf<P> extends { items: unknown[]; nextCursor: string | null } ? P : never;
}[keyof paths];

/** What a list holds. */
export type ItemOf<P extends ListPath> = OkOf<P> extends { items: (infer Item)[] } ? Item : never;

/** The filters of a list. */
export type ListQuery<P extends ListPath> = paths[P] extends { get: { parameters: { query?: infer Query } } }
  ? Omit<NonNullable<Query>, 'cursor'>
  : never;

/**
 * Every page from the first on, one request each, made when it is asked for.
 * @param fetchPage asks for the page at a cursor; undefined is the first
 */
export async function* eachPage<T>(fetchPage: (cursor: string | undefined) => Promise<Page<T>>): AsyncGenerator<Page<T>, void, undefined> {
  let cursor: string | undefined;
  do {
    const page = await fetchPage(cursor);
    yield page;
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
}
