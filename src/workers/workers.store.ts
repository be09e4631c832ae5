import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import type { Caller } from '../common/caller.js';
import { type Change, changePipeline, expression, insertionFilter, insertionPipeline, operand, serverTime } from '../database/change.js';
import { statementLimits } from '../database/connection-options.js';
import { duplicateKeyOf } from '../database/mongo-errors.js';
import { keptDays, lostAfterSeconds, type WorkerState, workerStates } from './workers-lifecycle.js';
import { type WorkerDocument, workerModel } from './workers.schema.js';

/** What a worker says of itself when it claims. */
export interface WorkerSelf {
  readonly id: string;
  readonly version: string | null;
  readonly operations: readonly string[];
  readonly leaseSeconds: number;
}

/** A worker without its unrelayed changes. */
export type StoredWorker = Omit<WorkerDocument, 'outbox' | 'status'> & { readonly status: WorkerState };

const projection = { outbox: 0 } as const;
const known = { status: { $in: [...workerStates] } };
const limits = { maxTimeMS: statementLimits.oneDocumentMs };
const oneAfter = { ...limits, returnDocument: 'after', projection } as const;
const stateWithout = (drain: unknown) => ({ $cond: [{ $gt: [drain, null] }, operand('draining'), operand('alive')] });

/** A word from a worker: it is not lost any more. Only that is a change; when it was heard of is not. */
function seenChange(set: Record<string, unknown>, caller: Caller): Change {
  const state = expression(stateWithout('$drain'));
  return {
    type: 'worker.seen',
    to: state,
    set: { ...set, status: state, lastSeenAt: serverTime },
    caller,
    onlyIf: expression({ $in: ['$status', ['lost', 'forgotten']] }),
  };
}

/** `workers`: what is known of the workers of the native protocol. */
@Injectable()
export class WorkersStore {
  constructor(@InjectModel(workerModel.name) private readonly model: Model<WorkerDocument>) {}

  private get workers() {
    return this.model.collection;
  }

  /** Notes a claim; the first one makes the worker known. */
  async noteClaim(self: WorkerSelf, caller: Caller): Promise<StoredWorker> {
    const said = { workerVersion: self.version, operations: self.operations, leaseSeconds: self.leaseSeconds };
    const change = seenChange(said, caller);
    return (await this.changeAny(self.id, change)) ?? (await this.insert(self, caller)) ?? (await this.changeAny(self.id, change))!;
  }

  /** Notes a heartbeat; null when the worker was forgotten. */
  noteBeat(workerId: string, caller: Caller): Promise<StoredWorker | null> {
    return this.change(workerId, seenChange({}, caller));
  }

  private async insert(self: WorkerSelf, caller: Caller): Promise<StoredWorker | null> {
    const _id = randomUUID();
    const { id: workerId, version: workerVersion, operations, leaseSeconds } = self;
    const times = { firstSeenAt: serverTime, lastSeenAt: serverTime };
    const insertion = {
      document: { _id, workerId, workerVersion, operations, leaseSeconds, status: 'alive', drain: null, ...times },
      type: 'worker.seen',
      to: 'alive',
      caller,
    };
    try {
      const options = { ...oneAfter, upsert: true };
      return (await this.workers.findOneAndUpdate(
        insertionFilter(_id) as never,
        insertionPipeline(insertion),
        options,
      )) as StoredWorker | null;
    } catch (error) {
      if (duplicateKeyOf(error)?.includes('workerId')) return null; // another replica was faster
      throw error;
    }
  }

  /** Drains a worker; draining it again keeps the first drain. Null when it is not known. */
  drain(workerId: string, reason: string, caller: Caller): Promise<StoredWorker | null> {
    const drain = { at: '$$NOW', by: operand(caller.actor.name), reason: operand(reason) };
    const first = { $not: [{ $gt: ['$drain', null] }] };
    const to = expression({ $cond: [{ $eq: ['$status', 'lost'] }, 'lost', 'draining'] });
    return this.change(workerId, {
      type: 'worker.drained',
      to,
      set: { drain: expression({ $cond: [first, drain, '$drain'] }), status: to },
      caller,
      reason,
      onlyIf: expression(first),
    });
  }

  /** Lifts a drain; without one nothing changes. Null when the worker is not known. */
  undrain(workerId: string, caller: Caller): Promise<StoredWorker | null> {
    const to = expression({ $cond: [{ $eq: ['$status', 'lost'] }, 'lost', 'alive'] });
    const drained = expression({ $gt: ['$drain', null] });
    return this.change(workerId, { type: 'worker.undrained', to, set: { drain: null, status: to }, caller, onlyIf: drained });
  }

  /** Forgets a worker, and lifts its drain. Null when it is not known. */
  forget(workerId: string, caller: Caller): Promise<StoredWorker | null> {
    const set = { status: 'forgotten', drain: null };
    return this.change(workerId, { type: 'worker.forgotten', to: 'forgotten', set, caller });
  }

  private change(workerId: string, change: Change): Promise<StoredWorker | null> {
    return this.changeAny(workerId, change, known);
  }

  private async changeAny(workerId: string, change: Change, condition: object = {}): Promise<StoredWorker | null> {
    return (await this.workers.findOneAndUpdate({ ...condition, workerId }, changePipeline(change), oneAfter)) as StoredWorker | null;
  }

  /** Marks one worker as lost that was silent for too long by the server's clock. False when there is none. */
  async loseSilent(caller: Caller): Promise<boolean> {
    const patience = { $multiply: [{ $max: [lostAfterSeconds, '$leaseSeconds'] }, 1_000] };
    const silent = { status: { $in: ['alive', 'draining'] }, $expr: { $lt: [{ $add: ['$lastSeenAt', patience] }, '$$NOW'] } };
    const change = changePipeline({ type: 'worker.lost', to: 'lost', set: { status: 'lost' }, caller });
    return (await this.workers.updateOne(silent, change, limits)).matchedCount === 1;
  }

  /** Drops workers that have been lost or forgotten for long, once all of their changes are told. */
  async dropOld(): Promise<void> {
    for (const status of ['lost', 'forgotten'] as const) {
      const old = { $expr: { $lt: ['$lastSeenAt', { $subtract: ['$$NOW', keptDays[status] * 86_400_000] }] } };
      await this.workers.deleteMany({ status, 'outbox.0': { $exists: false }, ...old });
    }
  }

  /** One worker; null when it is not known. */
  findByName(workerId: string): Promise<StoredWorker | null> {
    return this.workers.findOne<StoredWorker>({ ...known, workerId }, { ...limits, projection });
  }

  /** Up to `limit` workers by name: those behind it, or, backwards, those before it. */
  async list(range: { after?: string; before?: string; limit: number; state?: WorkerState | undefined }): Promise<StoredWorker[]> {
    const { after, before, limit, state } = range;
    const place = { ...(after !== undefined && { $gt: after }), ...(before !== undefined && { $lt: before }) };
    const filter = { ...(state ? { status: state } : known), ...(Object.keys(place).length > 0 && { workerId: place }) };
    return (await this.workers
      .find(filter, { projection, sort: { workerId: before === undefined ? 1 : -1 }, limit, maxTimeMS: statementLimits.listMs })
      .toArray()) as unknown as StoredWorker[];
  }

  /** How many workers are in a state, of all when it is undefined. */
  count(state: WorkerState | undefined): Promise<number> {
    return this.workers.countDocuments(state ? { status: state } : known, { maxTimeMS: statementLimits.listMs });
  }

  /** The drained ones among some workers. */
  async listDrained(workerIds: readonly string[]): Promise<string[]> {
    const found = this.workers.find(
      { workerId: { $in: [...workerIds] }, drain: { $ne: null } },
      { ...limits, projection: { workerId: 1 } },
    );
    return (await found.toArray()).map((worker) => String(worker['workerId']));
  }

  /** The operations that workers which are alive can run. */
  async listServedOperations(): Promise<string[]> {
    return (await this.workers.distinct('operations', { status: 'alive' }, { maxTimeMS: statementLimits.listMs })) as string[];
  }

  /** How many workers in each state can run an operation. */
  async countForOperation(operation: string): Promise<Record<WorkerState, number>> {
    const groups = await this.workers
      .aggregate<{ _id: WorkerState; count: number }>(
        [{ $match: { ...known, operations: operation } }, { $group: { _id: '$status', count: { $sum: 1 } } }],
        { maxTimeMS: statementLimits.listMs },
      )
      .toArray();
    return { alive: 0, draining: 0, lost: 0, ...Object.fromEntries(groups.map(({ _id, count }) => [_id, count])) };
  }
}
