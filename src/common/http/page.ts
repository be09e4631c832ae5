import type { Type } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, MaxLength, Min } from 'class-validator';
import { bindingOf, decodeCursor, encodeCursor, type KeyPart, type KeyType, type Place } from './cursor.js';

const maxLimit = 200;
const limitMessage = { message: 'limit must be a whole number of 1 or more' };

/** A whole number written as text, cut at the greatest page size; other text stays as it is and fails validation. */
const limitFrom = ({ value }: { value: unknown }): unknown =>
  typeof value === 'string' && /^-?\d+$/.test(value) ? Math.min(Number(value), maxLimit) : value;

/** The paging parameters of every list. */
export class PageQueryDto {
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: maxLimit,
    default: 50,
    description: 'Items on a page; more than 200 is cut to 200.',
  })
  @Transform(limitFrom)
  @IsInt(limitMessage)
  @Min(1, limitMessage)
  limit: number = 50;

  @ApiPropertyOptional({ description: '`nextCursor` or `prevCursor` of another page; empty is the first page.' })
  @IsOptional()
  @IsString()
  @MaxLength(2_048)
  cursor?: string;

  @ApiPropertyOptional({ enum: ['estimate', 'exact'], description: 'Adds `count`; exact up to 10 000.' })
  @IsOptional()
  @IsIn(['estimate', 'exact'])
  count?: 'estimate' | 'exact';
}

/** How many items the whole filtered list has. */
export class ListCountDto {
  @ApiProperty({ type: 'integer' })
  value!: number;

  @ApiProperty({ description: 'False for an estimate, or when there are more than `value`.' })
  exact!: boolean;
}

/** How a page of some items is described and answered; a named class extends what this makes. @param Item the DTO of one item */
export function pageOf<T extends object>(Item: Type<T>) {
  class PageDto {
    @ApiProperty({ type: [Item] })
    items!: T[];

    @ApiProperty({ type: String, nullable: true, description: 'Null on the last page.' })
    nextCursor!: string | null;

    @ApiProperty({ type: String, nullable: true, description: 'Null on the first page.' })
    prevCursor!: string | null;

    @ApiPropertyOptional({ type: ListCountDto })
    count?: ListCountDto;
  }
  return PageDto;
}

/** One page of a list. Cursors are null at the ends. */
export interface Page<T> {
  readonly items: T[];
  readonly nextCursor: string | null;
  readonly prevCursor: string | null;
  readonly count?: ListCountDto;
}

/** What a page is made of. */
export interface PageRequest<T> {
  readonly limit: number;
  readonly cursor?: string | undefined;
  /** Route, filter and sort, for the binding of cursors. */
  readonly boundTo: unknown;
  /** The sort key of an item; its parts decide the order alone. */
  readonly keyOf: (item: T) => readonly KeyPart[];
  /** What the parts of a sort key are; cursors with others are refused. */
  readonly keyTypes: readonly KeyType[];
  /**
   * Reads up to `limit` items: in list order after the place, or, for `before`, in the opposite order before it.
   * @param place undefined at the start of the list
   */
  readonly read: (place: Place | undefined, limit: number) => Promise<T[]>;
}

/**
 * One page by keyset.
 * @throws CursorInvalidError when the cursor is not one of this list
 */
export async function readPage<T>(request: PageRequest<T>): Promise<Page<T>> {
  const binding = bindingOf(request.boundTo);
  const place = request.cursor ? decodeCursor(request.cursor, binding, request.keyTypes) : undefined;
  const found = await request.read(place, request.limit + 1);
  const more = found.length > request.limit;
  const items = found.slice(0, request.limit);
  const backwards = place?.direction === 'before';
  if (backwards) items.reverse();
  const cursorAt = (item: T | undefined, direction: Place['direction'], exists: boolean) =>
    item && exists ? encodeCursor({ direction, key: request.keyOf(item) }, binding) : null;
  return {
    items,
    nextCursor: cursorAt(items.at(-1), 'after', backwards || more),
    prevCursor: cursorAt(items[0], 'before', backwards ? more : place !== undefined),
  };
}

/** What a page that may be counted is made of. */
export interface CountablePageRequest<T> extends PageRequest<T> {
  /** Whether and how the whole filtered list is counted. */
  readonly count?: 'estimate' | 'exact' | undefined;
  /** Counts the filtered list, up to a limit. */
  readonly countUpTo: (limit: number) => Promise<number>;
  /** Estimates the list; undefined where that would not see the filter, which is then counted. */
  readonly estimate?: (() => Promise<number>) | undefined;
}

const exactUpTo = 10_000;

/**
 * One page by keyset, with the size of the whole list where that is asked for.
 * @throws CursorInvalidError when the cursor is not one of this list
 */
export async function readCountablePage<T>(request: CountablePageRequest<T>): Promise<Page<T>> {
  const page = await readPage(request);
  if (!request.count) return page;
  if (request.count === 'estimate' && request.estimate) return { ...page, count: { value: await request.estimate(), exact: false } };
  const value = await request.countUpTo(exactUpTo + 1);
  return { ...page, count: { value: Math.min(value, exactUpTo), exact: value <= exactUpTo } };
}

/** The `Link` header of a page, or undefined when it is the only one. */
export function linkHeaderOf(page: Page<unknown>, url: string): string | undefined {
  const link = (cursor: string | null, relation: string) => {
    if (!cursor) return [];
    const target = new URL(url, 'http://localhost');
    target.searchParams.set('cursor', cursor);
    return [`<${target.pathname}${target.search}>; rel="${relation}"`];
  };
  return [...link(page.nextCursor, 'next'), ...link(page.prevCursor, 'prev')].join(', ') || undefined;
}
