import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model, trusted, Types } from 'mongoose';
import type { Caller } from '../common/caller.js';
import { changePipeline, insertionFilter, insertionPipeline, serverTime } from '../database/change.js';
import { statementLimits } from '../database/connection-options.js';
import { duplicateKeyOf } from '../database/mongo-errors.js';
import {
  differences,
  keptMarks,
  type MaintenanceRecord,
  type MaintenanceSetting,
  type MaintenanceSwitch,
  nobody,
  stateOf,
} from './maintenance-lifecycle.js';
import { pausedSoFar } from './clock-reading.js';
import { eventOf } from './maintenance.events.js';
import { type MaintenanceDocument, maintenanceModel } from './maintenance.schema.js';

const recordFields = {
  _id: 0,
  number: 1,
  on: 1,
  reason: 1,
  ticket: 1,
  until: 1,
  autoResume: 1,
  allow: 1,
  setBy: 1,
  at: 1,
  since: 1,
  pausedMs: 1,
  quietAt: 1,
  overdueAt: 1,
} as const;

const lacking = { autoResume: false, allow: nobody, pausedMs: 0, quietAt: null, overdueAt: null };

/** A record as it is read: those from before a field was known lack it. */
const recordOf = <T extends MaintenanceRecord | null>(stored: unknown): T => {
  const record = stored as MaintenanceRecord | null;
  return (record && { ...lacking, ...record }) as T;
};

const pastEnd = { until: { $type: 'date' }, $expr: { $lte: ['$until', '$$NOW'] } };

/** The switch at one instant, as far as time under maintenance goes. */
export interface Pause {
  readonly now: Date;
  readonly newest: { readonly on: boolean; readonly since: Date; readonly pausedMs?: number } | null;
}

/** The only place that talks to the collection `maintenance`. Records are never deleted; their settings never change. */
@Injectable()
export class MaintenanceStore {
  constructor(@InjectModel(maintenanceModel.name) private readonly model: Model<MaintenanceDocument>) {}

  /** The newest record, read from the primary; null before the first. */
  async findNewest(): Promise<MaintenanceRecord | null> {
    const options = { projection: recordFields, sort: { number: -1 }, maxTimeMS: statementLimits.oneDocumentMs } as const;
    return recordOf(await this.model.collection.findOne({}, options));
  }

  /** All records, newest first, for the compat history: without a time limit, as every compat list. */
  async listAll(): Promise<MaintenanceRecord[]> {
    return (await this.model.find({}, recordFields).sort({ number: -1 }).lean()).map(recordOf<MaintenanceRecord>);
  }

  /** Up to `limit` records below `number`, newest first; from the newest on when it is undefined. */
  async listBelow(number: number | undefined, limit: number): Promise<MaintenanceRecord[]> {
    const filter = number === undefined ? {} : { number: trusted({ $lt: number }) };
    const query = this.model.find(filter, recordFields).sort({ number: -1 }).limit(limit);
    return (await query.maxTimeMS(statementLimits.listMs).lean()).map(recordOf<MaintenanceRecord>);
  }

  /** Up to `limit` records above `number`, oldest first. */
  async listAbove(number: number, limit: number): Promise<MaintenanceRecord[]> {
    const query = this.model.find({ number: trusted({ $gt: number }) }, recordFields);
    return (await query.sort({ number: 1 }).limit(limit).maxTimeMS(statementLimits.listMs).lean()).map(recordOf<MaintenanceRecord>);
  }

  /**
   * Makes the record that follows `previous`, with its event, if `previous` still is the newest.
   * @returns the record, or null when somebody else's record has the number already
   */
  async insertAfter(previous: MaintenanceSwitch, setting: MaintenanceSetting, caller: Caller): Promise<MaintenanceRecord | null> {
    const _id = new Types.ObjectId();
    const { on, reason, ticket, until, autoResume, allow } = setting;
    const since = previous.since !== null && previous.on === on ? previous.since : serverTime;
    const pipeline = insertionPipeline({
      document: {
        _id,
        number: previous.number + 1,
        on,
        reason,
        ticket,
        until,
        autoResume,
        allow,
        setBy: caller.actor,
        at: serverTime,
        since,
        pausedMs: previous.on && !on ? pausedSoFar(previous) : previous.pausedMs,
        ...keptMarks(previous, setting),
      },
      type: eventOf(previous, setting),
      from: previous.number === 0 ? null : stateOf(previous),
      to: stateOf(setting),
      changes: differences(previous, setting),
      caller,
      reason,
    });
    const options = { upsert: true, returnDocument: 'after', projection: recordFields, maxTimeMS: statementLimits.oneDocumentMs } as const;
    try {
      return recordOf(await this.model.collection.findOneAndUpdate(insertionFilter(_id) as never, pipeline, options));
    } catch (error) {
      if (duplicateKeyOf(error)?.includes('number')) return null;
      throw error;
    }
  }

  /** The database's clock, and the newest record as it is at that instant, in one statement; no record before the first. */
  async readPause(): Promise<Pause> {
    const newest = [{ $sort: { number: -1 } }, { $limit: 1 }, { $project: { _id: 0, on: 1, since: 1, pausedMs: 1 } }];
    const look = { $lookup: { from: this.model.collection.name, pipeline: newest, as: 'newest' } };
    const shown = { $project: { now: '$$NOW', newest: { $ifNull: [{ $first: '$newest' }, null] } } };
    const options = { maxTimeMS: statementLimits.oneDocumentMs };
    const [pause] = await this.model.db.db!.aggregate<Pause>([{ $documents: [{}] }, look, shown], options).toArray();
    return pause!;
  }

  /** The database's clock. */
  async readClock(): Promise<Date> {
    return (await this.readPause()).now;
  }

  /** True when the record's expected end is over, by the database's clock. */
  async isPastEnd(number: number): Promise<boolean> {
    const options = { projection: { _id: 1 }, maxTimeMS: statementLimits.oneDocumentMs };
    return (await this.model.collection.findOne({ number, ...pastEnd }, options)) !== null;
  }

  /**
   * Notes that the record became quiet, with the event.
   * @returns the record; null when that was noted already
   */
  async markQuiet({ number, reason }: MaintenanceRecord, caller: Caller): Promise<MaintenanceRecord | null> {
    const change = { type: 'maintenance.quiet', from: 'draining', to: 'quiet', set: { quietAt: serverTime }, caller, reason };
    return this.mark({ number, on: true, quietAt: null }, changePipeline(change));
  }

  /**
   * Notes that the record's expected end is over, with the event.
   * @returns the record; null when it is not, or that was noted already
   */
  async markOverdue({ number, reason }: MaintenanceRecord, caller: Caller): Promise<MaintenanceRecord | null> {
    const change = { type: 'maintenance.overdue', from: 'on', to: 'on', set: { overdueAt: serverTime }, caller, reason };
    return this.mark({ number, on: true, overdueAt: null, ...pastEnd }, changePipeline(change));
  }

  private async mark(filter: object, pipeline: object[]): Promise<MaintenanceRecord | null> {
    const options = { returnDocument: 'after', projection: recordFields, maxTimeMS: statementLimits.oneDocumentMs } as const;
    return recordOf(await this.model.collection.findOneAndUpdate(filter, pipeline, options));
  }
}
