import { Injectable } from '@nestjs/common';
import type { Place } from '../common/http/cursor.js';
import { type ListCountDto, type Page, type PageQueryDto, readPage } from '../common/http/page.js';
import { CursorInvalidError, RequestInvalidError } from '../common/errors/request.errors.js';
import { datasetNameFault } from '../common/names.js';
import type { ActiveJob } from '../jobs/index.js';
import { DatasetJobs, DatasetTargets, type KnownTarget, type LastOutcome } from './dataset-sources.js';
import { DatasetNotFoundError } from './datasets.errors.js';
import { type Importable, ImportablesService } from './importables/importables.service.js';
import { whyNotCurrent } from './why-not-current.js';

/** All that is known of one dataset. */
export interface DatasetView {
  readonly name: string;
  /** Its file in the input folder, else that in the archive. */
  readonly inputFile: Importable | null;
  readonly activeJob: ActiveJob | null;
  readonly lastOutcome: LastOutcome | null;
  /** The datastore version that last released it, when that is the last that happened to it. */
  readonly version: string | null;
  readonly whyNotCurrent: readonly string[];
}

/** A dataset by its two sources; at least one of them has it. */
interface Row {
  readonly name: string;
  readonly file: Importable | undefined;
  readonly target: KnownTarget | undefined;
}

const maxCount = 10_000;

/** Targets, active jobs and importable files, united by name. A job's dataset is always a target, so names come from targets and files. */
@Injectable()
export class DatasetsService {
  constructor(
    private readonly importables: ImportablesService,
    private readonly jobs: DatasetJobs,
    private readonly targets: DatasetTargets,
  ) {}

  /** One page of datasets by name. @throws CursorInvalidError, InputFolderUnreadableError */
  async list(query: PageQueryDto): Promise<Page<DatasetView>> {
    const files = filesByName(await this.importables.list());
    const page = await readPage<Row>({
      limit: query.limit,
      cursor: query.cursor,
      boundTo: ['datasets'],
      keyOf: ({ name }) => [name],
      keyTypes: ['string'],
      read: (place, limit) => this.readRows(files, placeByName(place), limit),
    });
    const items = await this.viewsOf(page.items);
    return { ...page, items, ...(query.count && { count: await this.count(files) }) };
  }

  /** One dataset. @throws RequestInvalidError for an impossible name, DatasetNotFoundError, InputFolderUnreadableError */
  async get(name: string): Promise<DatasetView> {
    return (await this.viewsOf([await this.findRow(name)]))[0]!;
  }

  /** One page of the dataset's jobs, newest first. @throws as `get` */
  async jobsOf(name: string, query: PageQueryDto): Promise<Page<object>> {
    await this.findRow(name);
    return this.jobs.pageByTarget(name, query);
  }

  private async findRow(name: string): Promise<Row> {
    const fault = datasetNameFault(name);
    if (fault) throw new RequestInvalidError(`The dataset name ${fault}.`);
    const [[target], files] = await Promise.all([this.targets.findByNames([name]), this.importables.listNamed(name)]);
    if (!target && files.length === 0) throw new DatasetNotFoundError(name);
    return { name, target, file: files[0] };
  }

  private async readRows(files: ReadonlyMap<string, Importable>, place: NamePlace | undefined, limit: number): Promise<Row[]> {
    const targets = await this.targets.pageByName(place, limit);
    const names = [...files.keys()].filter((name) => !place || (place.direction === 'after' ? name > place.name : name < place.name));
    return mergeRows(targets, { files, names: names.sort(), backwards: place?.direction === 'before' }).slice(0, limit);
  }

  private async viewsOf(rows: readonly Row[]): Promise<DatasetView[]> {
    const active = new Map((await this.jobs.findActiveByDatasets(rows.map(({ name }) => name))).map((job) => [job.datasetName, job]));
    return rows.map(({ name, file, target }) => {
      const lastOutcome = target?.outcome ?? null;
      const facts = { name, inputFile: file ?? null, activeJob: active.get(name) ?? null, lastOutcome };
      return { ...facts, version: releasedVersion(lastOutcome), whyNotCurrent: whyNotCurrent(facts) };
    });
  }

  private async count(files: ReadonlyMap<string, Importable>): Promise<ListCountDto> {
    const [targets, both] = await Promise.all([this.targets.count(maxCount), this.targets.findByNames([...files.keys()])]);
    return { value: Math.min(targets + files.size - both.length, maxCount), exact: targets < maxCount };
  }
}

interface NamePlace {
  readonly direction: Place['direction'];
  readonly name: string;
}

function placeByName(place: Place | undefined): NamePlace | undefined {
  if (!place) return undefined;
  const [name] = place.key;
  if (typeof name !== 'string') throw new CursorInvalidError();
  return { direction: place.direction, name };
}

/** The file of each name; of two, the one in the input folder. */
function filesByName(importables: readonly Importable[]): Map<string, Importable> {
  return new Map([...importables].reverse().map((importable) => [importable.name, importable]));
}

/**
 * Targets and files in one list by name. The database compares names as bytes and this process as UTF-16 units; names of files are ASCII, for which both
 * agree, and targets are never compared with each other here.
 */
function mergeRows(
  targets: readonly KnownTarget[],
  { files, names, backwards }: { files: ReadonlyMap<string, Importable>; names: string[]; backwards: boolean },
): Row[] {
  const waiting = backwards ? names.reverse() : names;
  const comesFirst = (name: string, other: string) => (backwards ? name > other : name < other);
  const rows: Row[] = [];
  let next = 0;
  for (const target of targets) {
    for (; next < waiting.length && comesFirst(waiting[next]!, target.name); next++) rows.push(fileRow(waiting[next]!, files));
    if (waiting[next] === target.name) next++;
    rows.push({ name: target.name, target, file: files.get(target.name) });
  }
  return [...rows, ...waiting.slice(next).map((name) => fileRow(name, files))];
}

const fileRow = (name: string, files: ReadonlyMap<string, Importable>): Row => ({ name, file: files.get(name), target: undefined });

function releasedVersion(outcome: LastOutcome | null): string | null {
  return outcome?.action[0] === 'RELEASED' ? (outcome.action[1] ?? null) : null;
}
