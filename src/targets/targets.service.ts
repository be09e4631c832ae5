import { Injectable } from '@nestjs/common';
import { type Page, type PageQueryDto, readPage } from '../common/http/page.js';
import { ActiveWorkRegistry, isCompatAction, rowOf, type TargetRow } from './target-rows.js';
import type { TargetDocument } from './targets.schema.js';
import { type StoredTarget, TargetsStore } from './targets.store.js';

/** A place in the list by name. */
export interface NamePlace {
  readonly direction: 'after' | 'before';
  readonly name: string;
}

/** A name that a job has had, and how the last one ended. */
export type KnownTarget = Pick<TargetDocument, 'name' | 'outcome'>;

/** The rows of targets: what last happened to each. */
@Injectable()
export class TargetsReader {
  constructor(
    private readonly store: TargetsStore,
    private readonly activeWork: ActiveWorkRegistry,
  ) {}

  /** The row of one target; null when nothing has happened to it. */
  async findRow(name: string): Promise<TargetRow | null> {
    // The work is read first: a job that ends in between leaves its outcome, so no row is missed.
    const active = await this.activeWork.findActiveWork([name]);
    const target = await this.store.findByName(name);
    return target && rowOf(target, active.get(name));
  }

  /**
   * All rows as far as the original job service could have them, in arrays of bounded size, in the order in which their targets first appeared. What an
   * operation of ours alone is doing or has done is left out, as if it had not been: the jobs of it are in no list of the original either.
   */
  async *streamCompatRows(): AsyncGenerator<TargetRow[]> {
    for await (const targets of this.store.streamAll()) yield await this.rowsOf(targets, isCompatAction);
  }

  /**
   * One page of rows by name.
   * @throws CursorInvalidError
   */
  async page({ limit, cursor, count }: PageQueryDto): Promise<Page<TargetRow>> {
    const page = await readPage({
      limit,
      cursor,
      boundTo: ['targets'],
      keyOf: (row: TargetRow) => [row.name],
      keyTypes: ['string'],
      read: (place, wanted) => this.pageOfRows(place && { direction: place.direction, name: String(place.key[0]) }, wanted),
    });
    return count ? { ...page, count: { value: await this.store.estimateAll(), exact: false } } : page;
  }

  /** Up to `limit` rows by name; backwards when before a place. Fewer do not mean the end: names without a row are left out. */
  private async pageOfRows(place: NamePlace | undefined, limit: number): Promise<TargetRow[]> {
    const rows: TargetRow[] = [];
    let from = place;
    while (rows.length < limit) {
      const wanted = limit - rows.length;
      const targets = await this.store.pageByName(from, wanted);
      rows.push(...(await this.rowsOf(targets)));
      const last = targets.at(-1);
      if (!last || targets.length < wanted) break;
      from = { direction: place?.direction ?? 'after', name: last.name };
    }
    return rows;
  }

  /** Those of the names that are known, with their stored outcomes, in any order. */
  findByNames(names: readonly string[]): Promise<KnownTarget[]> {
    return this.store.findByNames(names);
  }

  /** Up to `limit` known names behind a place, or backwards before it, with their stored outcomes. */
  pageByName(place: NamePlace | undefined, limit: number): Promise<KnownTarget[]> {
    return this.store.pageByName(place, limit);
  }

  /** How many names are known, counted up to `limit`. */
  async count(limit: number): Promise<number> {
    return Math.min(await this.store.estimateAll(), limit);
  }

  /** Outcomes are read again after the work: what ended in between is then found in one of the two. */
  private async rowsOf(
    targets: readonly StoredTarget[],
    isShown: (action: readonly string[]) => boolean = () => true,
  ): Promise<TargetRow[]> {
    const found = await this.activeWork.findActiveWork(targets.map((target) => target.name));
    const active = new Map([...found].filter(([, work]) => isShown(work.action)));
    const idle = targets.filter((target) => !active.has(target.name)).map((target) => target.name);
    const latest = new Map((await this.store.findByNames(idle)).map((target) => [target.name, target.outcome]));
    const rows = targets.map((target) => {
      const outcome = latest.get(target.name) ?? target.outcome;
      return rowOf({ name: target.name, outcome: outcome && isShown(outcome.action) ? outcome : null }, active.get(target.name));
    });
    return rows.filter((row) => row !== null);
  }
}
