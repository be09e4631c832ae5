import { Injectable } from '@nestjs/common';
import type mongoose from 'mongoose';
import type { Versioned } from '../database/change.js';
import { statementLimits } from '../database/connection-options.js';
import { alongIndex } from '../database/mongo-errors.js';
import { outboxIndex } from '../database/schema-options.js';

/** A collection whose documents have an outbox. */
export interface Outbox {
  /** A model of the collection; its schema declares `outboxIndex`. */
  readonly model: { readonly collection: mongoose.Collection };
  /** Fields to fetch beside `_id`, `version` and `outbox`. */
  readonly fields: readonly string[];
}

/** All entries of a document up to a version. */
export interface RelayedEntries {
  readonly id: unknown;
  readonly version: number;
}

/** How much waits in an outbox. */
export interface OutboxBacklog {
  /** Documents with unrelayed changes, counted up to 10,000. */
  readonly pending: number;
  /** Age of the oldest unrelayed change by the database's clock; 0 when nothing waits. */
  readonly lagSeconds: number;
}

const maxCounted = 10_000;
const waiting = { 'outbox.0': { $exists: true } } as const;
const byAge = { 'outbox.0.at': 1 } as const;
/** The partial index serves only what is sorted by its key; the hint keeps the planner from thinking otherwise. */
const index = outboxIndex[1].name;

/** The only place that takes entries out of outboxes, of whichever feature. */
@Injectable()
export class OutboxStore {
  /** Documents with unrelayed entries, those with the oldest entry first; `without` names ids to leave out. */
  async findOldest({ model, fields }: Outbox, limit: number, without: readonly unknown[]): Promise<Versioned[]> {
    const filter = without.length === 0 ? waiting : { ...waiting, _id: { $nin: without } };
    const projection = Object.fromEntries(['version', 'outbox', ...fields].map((field) => [field, 1]));
    const options = { sort: byAge, limit, projection, maxTimeMS: statementLimits.listMs } as const;
    const found = await alongIndex(index, (hint) => model.collection.find(filter as object, { ...options, ...hint }).toArray());
    return found as unknown as Versioned[];
  }

  /** Takes relayed entries out. Later ones stay, and a document that is elsewhere meanwhile keeps all of its own. Safe to repeat. */
  async removeRelayed({ model }: Outbox, relayed: readonly RelayedEntries[]): Promise<void> {
    if (relayed.length === 0) return;
    const pulls = relayed.map(({ id, version }) => ({
      updateOne: { filter: { _id: id }, update: { $pull: { outbox: { version: { $lte: version } } } } },
    }));
    await model.collection.bulkWrite(pulls as never, { ordered: false });
  }

  /** How much waits. */
  async measure({ model }: Outbox): Promise<OutboxBacklog> {
    const limits = { maxTimeMS: statementLimits.listMs } as const;
    const age = { _id: 0, lagMs: { $subtract: ['$$NOW', { $first: '$outbox.at' }] } };
    const oldest = [{ $match: waiting }, { $sort: byAge }, { $limit: 1 }, { $project: age }];
    const [pending, [first]] = await Promise.all([
      alongIndex(index, (hint) => model.collection.countDocuments(waiting, { ...limits, ...hint, limit: maxCounted })),
      alongIndex(index, (hint) => model.collection.aggregate(oldest, { ...limits, ...hint }).toArray()),
    ]);
    return { pending, lagSeconds: Math.max(0, Number(first?.['lagMs'] ?? 0)) / 1_000 };
  }
}
