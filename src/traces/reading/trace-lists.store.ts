import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import type { Place } from '../../common/http/cursor.js';
import { statementLimits } from '../../database/connection-options.js';
import { conditionsOf, type TraceFilter } from './trace-filter.js';
import { type TraceDocument, traceModel } from '../traces.schema.js';

export const traceSorts = ['-createdAt', 'createdAt'] as const;
export type TraceSort = (typeof traceSorts)[number];

/** Conditions that keep the traces behind a place, in the direction of reading. */
function behind({ key: [at, id] }: Place, direction: 1 | -1): Record<string, unknown>[] {
  const [reached, passed] = direction === 1 ? ['$gte', '$lte'] : ['$lte', '$gte'];
  return [{ createdAt: { [reached]: at } }, { $nor: [{ createdAt: at, _id: { [passed]: id } }] }];
}

const conditions = (all: Record<string, unknown>[]): object => (all.length === 0 ? {} : { $and: all });

/** `traces`: every list. */
@Injectable()
export class TraceListsStore {
  constructor(@InjectModel(traceModel.name) private readonly documents: Model<TraceDocument>) {}

  /** Up to `limit` traces behind a place, in the sort's order, or backwards before it. */
  page(filter: TraceFilter, sort: TraceSort, { place, limit }: { place: Place | undefined; limit: number }): Promise<TraceDocument[]> {
    const forwards = sort === 'createdAt' ? 1 : -1;
    const direction = place?.direction === 'before' ? (-forwards as 1 | -1) : forwards;
    const all = [...conditionsOf(filter), ...(place ? behind(place, direction) : [])];
    return this.documents.collection
      .find<TraceDocument>(conditions(all) as never)
      .sort({ createdAt: direction, _id: direction })
      .limit(limit)
      .maxTimeMS(statementLimits.listMs)
      .toArray();
  }

  /** How many traces a filter lets through, counted up to `limit`. */
  count(filter: TraceFilter, limit: number): Promise<number> {
    return this.documents.collection.countDocuments(conditions(conditionsOf(filter)), { limit, maxTimeMS: statementLimits.listMs });
  }

  /** How many traces there are, from the collection's own count. */
  estimateAll(): Promise<number> {
    return this.documents.collection.estimatedDocumentCount({ maxTimeMS: statementLimits.oneDocumentMs });
  }
}
