import { Injectable } from '@nestjs/common';
import { type Caller, systemCaller } from '../common/caller.js';
import { ServiceUnavailableError } from '../common/errors/service.errors.js';
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

/** A request to set the switch natively. */
export interface MaintenanceRequest {
  readonly setting: MaintenanceSetting;
  /** The number that the caller has seen; undefined when it named none. */
  readonly expected: ExpectedVersion | undefined;
}

/** Reading and setting the maintenance switch, for both surfaces. */
@Injectable()
export class MaintenanceService {
  /** Settles when the writers of this process that came before are through. */
  private turn: Promise<unknown> = Promise.resolve();

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
   * @throws PreconditionRequiredError without an expected number
   * @throws PreconditionFailedError when the switch differs and has another number
   * @throws ServiceUnavailableError when other writers win for too long
   */
  async set({ setting, expected }: MaintenanceRequest, caller: Caller): Promise<MaintenanceView> {
    if (expected === undefined) throw new PreconditionRequiredError();
    const record = await this.untilWritten<MaintenanceSwitch>(async (newest) => {
      const current = newest ?? untouched;
      const wanted = settingFrom(setting, current);
      if (isEqual(current, wanted)) return current;
      if (expected !== '*' && expected !== current.number) throw changedMeanwhile(current);
      const record = await this.store.insertAfter(current, wanted, caller);
      return record && this.transitions.noteIfQuiet(record);
    });
    return this.status.viewOf(record);
  }

  /**
   * Adds a record, whatever the switch is: the reference keeps every status that it is sent.
   * @throws ServiceUnavailableError when other writers win for too long
   */
  async add(setting: MaintenanceSetting, caller: Caller): Promise<MaintenanceRecord> {
    return this.untilWritten((newest) => this.store.insertAfter(newest ?? untouched, setting, caller));
  }

  /** The newest record. Before the first one the initial record is made, once, however many ask at the same time. */
  async newestRecord(): Promise<MaintenanceRecord> {
    const newest = await this.store.findNewest();
    return (
      newest ?? this.untilWritten(async (found) => found ?? this.store.insertAfter(untouched, initialSetting, systemCaller('maintenance')))
    );
  }

  /** All records, newest first; at least the initial one, which is made as by `newestRecord`. */
  async allRecords(): Promise<MaintenanceRecord[]> {
    const records = await this.store.listAll();
    return records.length > 0 ? records : [await this.newestRecord()];
  }

  /** A page of the records, newest first. */
  async history(query: PageQueryDto): Promise<Page<MaintenanceRecord>> {
    const page = await readPage<MaintenanceRecord>({
      limit: query.limit,
      cursor: query.cursor,
      boundTo: 'maintenance/history',
      keyOf: (record) => [record.number],
      keyLength: 1,
      read: (place, limit) => {
        const number = place && Number(place.key[0]);
        return place?.direction === 'before' ? this.store.listAbove(Number(number), limit) : this.store.listBelow(number, limit);
      },
    });
    if (query.count === undefined) return page;
    return { ...page, count: { value: (await this.gate.current()).number, exact: true } }; // numbers have no gaps
  }

  /**
   * Repeats `write` on the newest record, if there is one, until it answers: null means that a writer of another process was faster. Writers of this process
   * take turns, because n of them racing each other would need n²/4 inserts.
   */
  private untilWritten<T>(write: (newest: MaintenanceRecord | null) => Promise<T | null>): Promise<T> {
    const written = this.turn.then(async () => {
      for (let round = 0; round < maxRounds; round++) {
        const result = await write(await this.store.findNewest());
        if (result !== null) return result;
      }
      throw new ServiceUnavailableError('Too many changes of the maintenance switch at once. Try again.');
    });
    this.turn = written.catch(() => undefined);
    return written;
  }
}

function changedMeanwhile(current: MaintenanceSwitch): PreconditionFailedError {
  const changedBy = current.setBy && { id: current.setBy.id, name: current.setBy.name };
  return new PreconditionFailedError({ status: stateOf(current), version: current.number }, changedBy);
}
