import { Injectable } from '@nestjs/common';
import { type Page, type PageQueryDto, readPage } from '../../common/http/page.js';
import type { Place } from '../../common/http/cursor.js';
import { type Importable, ImportablesService, type ImportableView } from './importables.service.js';

/** By name; the double in the archive stands behind. Both parts are ASCII, so that they sort alike everywhere. */
const keyOf = ({ name, isArchived }: Importable): [string, number] => [name, isArchived ? 1 : 0];

function compare([name, archived]: readonly unknown[], [otherName, otherArchived]: readonly unknown[]): number {
  if (name !== otherName) return String(name) < String(otherName) ? -1 : 1;
  return Number(archived) - Number(otherArchived);
}

/** Pages over the importables, by name. */
@Injectable()
export class ImportablePages {
  constructor(private readonly importables: ImportablesService) {}

  /** One page. The folder is listed for each; what stands in its files is known from before. @throws CursorInvalidError, InputFolderUnreadableError */
  async read(query: PageQueryDto): Promise<Page<ImportableView>> {
    const all = (await this.importables.list()).sort((a, b) => compare(keyOf(a), keyOf(b)));
    const page = await readPage<Importable>({
      limit: query.limit,
      cursor: query.cursor,
      boundTo: ['importables'],
      keyOf,
      keyTypes: ['string', 'integer'],
      read: (place, limit) => Promise.resolve(sliceAt(all, place, limit)),
    });
    const items = await this.importables.withDatasets(page.items);
    return { ...page, items, ...(query.count && { count: { value: all.length, exact: true } }) };
  }
}

function sliceAt(all: readonly Importable[], place: Place | undefined, limit: number): Importable[] {
  if (!place) return all.slice(0, limit);
  const side = place.direction === 'after' ? 1 : -1;
  const beyond = all.filter((importable) => compare(keyOf(importable), place.key) * side > 0);
  return side === 1 ? beyond.slice(0, limit) : beyond.reverse().slice(0, limit);
}
