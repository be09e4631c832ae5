import { Injectable } from '@nestjs/common';
import PQueue from 'p-queue';
import { type Caller, systemCaller } from '../common/caller.js';
import { ServiceUnavailableError } from '../common/errors/service.errors.js';
import { RequestInvalidError } from '../common/errors/request.errors.js';
import { PreconditionFailedError, PreconditionRequiredError } from '../common/errors/precondition.errors.js';
import type { ExpectedVersion } from '../common/http/etag.js';
import { type Page, type PageQueryDto, readPage } from '../common/http/page.js';
import { MaintenanceGate } from './maintenance-gate.js';
import {
  initialSetting,
  isEqual,
  type MaintenanceRecord,
  type MaintenanceSetting,
  type MaintenanceSwitch,
  settingFrom,
  stateOf,
  untouched,
} from './maintenance-lifecycle.js';
import { type MaintenanceView, MaintenanceStatus } from './maintenance-status.js';
import { MaintenanceTransitions } from './maintenance-transitions.js';
import { MaintenanceStore } from './maintenance.store.js';

/** Rounds against the writers of other processes before giving up: in each round one of the writers succeeds. */
const maxRounds = 100;
/** Writers of this process that may wait for their turn; while the database answers, a turn takes some milliseconds. */
const maxWaiting = 200;

const tooManyWriters = (): ServiceUnavailableError =>
  new ServiceUnavailableError('Too many changes of the maintenance switch at once. Try again.');

/** A request to set the switch natively. */
export interface MaintenanceRequest {
  readonly setting: MaintenanceSetting;
  /** The number that the caller has seen; undefined when it named none. */
  readonly expected: ExpectedVersion | undefined;
}

/** Reading and setting the maintenance switch, for both surfaces. */
@Injectable()
export class MaintenanceService {
  /** Writers of this process take turns, because n of them racing each other would need n²/4 inserts. */
  private readonly writers = new PQueue({ concurrency: 1 });

  constructor(
    private readonly store: MaintenanceStore,
    private readonly gate: MaintenanceGate,
    private readonly status: MaintenanceStatus,
    private readonly transitions: MaintenanceTransitions,
  ) {}

  /** The switch as it is now. Jobs are counted after it was read, so that `quiet` is never told of a time before the pause. */
  async view(): Promise<MaintenanceView> {
    return this.status.viewOf(await this.gate.current());
  }

  /**
   * Sets the switch to exactly this setting. Setting it to what it already is makes no record, whatever number is expected.
   * @param gone a caller that does not wait any more loses its turn
   * @throws PreconditionRequiredError without an expected number
   * @throws PreconditionFailedError when the switch differs and has another number
   * @throws RequestInvalidError for a new expected end that is over already
   * @throws ServiceUnavailableError when too many wait, or other writers win for too long
   */
  async set({ setting, expected }: MaintenanceRequest, caller: Caller, gone: AbortSignal): Promise<MaintenanceView> {
    if (expected === undefined) throw new PreconditionRequiredError();
    const record = await this.untilWritten<MaintenanceSwitch>(async (newest) => {
      const current = newest ?? untouched;
      const wanted = settingFrom(setting, current);
      if (isEqual(current, wanted)) return current;
      if (expected !== '*' && expected !== current.number) throw changedMeanwhile(current);
      if (wanted.until?.getTime() !== current.until?.getTime()) await this.checkFuture(wanted.until);
      const record = await this.store.insertAfter(current, wanted, caller);
      return record && this.transitions.noteIfQuiet(record);
    }, gone);
    return this.status.viewOf(record);
  }

  private async checkFuture(until: Date | null): Promise<void> {
    if (until === null || until > (await this.store.readClock())) return;
    const message = 'until must be in the future';
    throw new RequestInvalidError(message, [{ pointer: '/until', code: 'past', message }]);
  }

  /**
   * Adds a record, whatever the switch is: the reference keeps every status that it is sent.
   * @param gone a caller that does not wait any more loses its turn
   * @throws ServiceUnavailableError when too many wait, or other writers win for too long
   */
  async add(setting: MaintenanceSetting, caller: Caller, gone: AbortSignal): Promise<MaintenanceRecord> {
    return this.untilWritten((newest) => this.store.insertAfter(newest ?? untouched, setting, caller), gone);
  }

  /** The newest record. Before the first one the initial record is made, once, however many ask at the same time. */
  async newestRecord(gone: AbortSignal): Promise<MaintenanceRecord> {
    const newest = await this.store.findNewest();
    const initial = () => this.store.insertAfter(untouched, initialSetting, systemCaller('maintenance'));
    return newest ?? this.untilWritten(async (found) => found ?? initial(), gone);
  }

  /** All records, newest first; at least the initial one, which is made as by `newestRecord`. */
  async allRecords(gone: AbortSignal): Promise<MaintenanceRecord[]> {
    const records = await this.store.listAll();
    return records.length > 0 ? records : [await this.newestRecord(gone)];
  }

  /** A page of the records, newest first. */
  async history(query: PageQueryDto): Promise<Page<MaintenanceRecord>> {
    const page = await readPage<MaintenanceRecord>({
      limit: query.limit,
      cursor: query.cursor,
      boundTo: 'maintenance/history',
      keyOf: (record) => [record.number],
      keyTypes: ['integer'],
      read: (place, limit) => {
        const number = place && Number(place.key[0]);
        return place?.direction === 'before' ? this.store.listAbove(Number(number), limit) : this.store.listBelow(number, limit);
      },
    });
    if (query.count === undefined) return page;
    return { ...page, count: { value: (await this.gate.current()).number, exact: true } }; // numbers have no gaps
  }

  /** Repeats `write` on the newest record, if there is one, until it answers: null means that a writer of another process was faster. */
  private async untilWritten<T>(write: (newest: MaintenanceRecord | null) => Promise<T | null>, gone: AbortSignal): Promise<T> {
    if (this.writers.size >= maxWaiting) throw tooManyWriters();
    return this.writers.add(async () => {
      for (let round = 0; round < maxRounds && !gone.aborted; round++) {
        const result = await write(await this.store.findNewest());
        if (result !== null) return result;
      }
      throw tooManyWriters();
    });
  }
}

function changedMeanwhile(current: MaintenanceSwitch): PreconditionFailedError {
  const changedBy = current.setBy && { id: current.setBy.id, name: current.setBy.name };
  return new PreconditionFailedError({ status: stateOf(current), version: current.number }, changedBy);
}
