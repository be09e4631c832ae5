import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { LRUCache } from 'lru-cache';
import { type Model, mongo } from 'mongoose';
import { itemsText } from '../../common/http/json-array.js';
import { isReferenceOperation } from '../../common/operations.js';
import { batchSize, inBatches } from '../../database/cursor-batches.js';
import { indexMissing } from '../../database/mongo-errors.js';
import { timeHasCome } from '../job-filter.js';
import { type CompatListedJob, compatProjection } from '../job-views.js';
import { type CompatStatus, isFinal, reportedState, statusesShownAs } from '../jobs-lifecycle.js';
import { completedModel, inProgressModel, type JobDocument, manifestoName } from '../jobs.schema.js';
import { compatJobOf } from './compat-job.js';

/** What the original's list can be narrowed to. */
export interface CompatFilter {
  readonly status?: CompatStatus | undefined;
  /** Any of these; all when empty. */
  readonly operations: readonly string[];
  readonly ignoreCompleted: boolean;
}

/** Unfinished jobs are few, and a poll of a thousand of them is answered from one reply of the server. */
const polledAtOnce = 1_000;
/** Characters of stored jobs and their texts that are remembered, in all and of one job. */
const remembered = { maxSize: 8_388_608, maxEntrySize: 65_536 } as const;

/** Unfinished jobs that the original's clients see under a word; without one all. */
function unfinishedShownAs(word: CompatStatus | undefined): Record<string, unknown> {
  if (word === undefined) return {};
  if (word === 'queued') return { status: word, ...timeHasCome };
  return { ...reportedState(word) };
}

const anyOperation = (operations: readonly string[]): Record<string, unknown> =>
  operations.length === 0 ? {} : { operation: operations.length === 1 ? operations[0] : { $in: [...operations] } };

const isKnown = ({ operation }: CompatListedJob): boolean => isReferenceOperation(operation);

const shown = (jobs: readonly CompatListedJob[]): string => itemsText(jobs.filter(isKnown).map(compatJobOf));

const order = { sort: { createdAt: 1, _id: 1 } } as const;

/**
 * The original's lists of jobs: JSON texts of items, in pieces of bounded size. `inprogress` is read before `completed`, so that a job that moves in between is
 * met at least once; doubles are dropped. No time limit.
 *
 * The original's clients refuse a whole list that holds an operation they do not know, so such jobs are left out, whatever the settings say now. That is done
 * here and not by the server: jobs of all operations are read along the plain index.
 * @see contracts/jobs.md 12.3
 */
@Injectable()
export class CompatListsStore {
  /** Texts of unfinished jobs by their stored bytes, of which the text is a function: workers ask for the same jobs again and again. */
  private readonly texts = new LRUCache<string, string>({ ...remembered, sizeCalculation: (text, bytes) => text.length + bytes.length });

  constructor(
    @InjectModel(inProgressModel.name) private readonly inProgressJobs: Model<JobDocument>,
    @InjectModel(completedModel.name) private readonly completedJobs: Model<JobDocument>,
  ) {}

  /** The list: unfinished jobs in order of creation, then finished ones in order of completion. */
  async *list({ status, operations, ignoreCompleted }: CompatFilter): AsyncGenerator<string> {
    const operation = anyOperation(operations);
    const statuses = status === undefined ? undefined : statusesShownAs(status);
    const unfinished = { ...unfinishedShownAs(status), ...operation };
    if (statuses && !statuses.some(isFinal)) {
      yield* this.poll(unfinished, operations.length > 0 ? 'poll' : 'status_created');
      return;
    }
    const seen = new Set<string>();
    if (!statuses) yield* this.unfinished(unfinished, seen);
    if (!ignoreCompleted) yield* this.finishedUnseen({ ...(statuses && { status: { $in: [...statuses] } }), ...operation }, seen);
  }

  /** Every job of a target: those of the name, and BUMPs whose manifesto names it; unfinished ones first. */
  async *listOfTarget(name: string): AsyncGenerator<string> {
    const filter = { $or: [{ datasetName: name }, { [manifestoName]: name }] };
    const seen = new Set<string>();
    yield* this.unfinished(filter, seen);
    yield* this.finishedUnseen(filter, seen);
  }

  /**
   * With no job in the state the planner cannot tell the claim's index from the poll's, and may sort in memory: hence the hint. A missing index is found out
   * before the first job, and makes the poll slower only.
   */
  private async *poll(filter: Record<string, unknown>, hint: string): AsyncGenerator<string> {
    try {
      yield* this.polled(filter, { hint });
    } catch (error) {
      if (!indexMissing(error)) throw error;
      yield* this.polled(filter, {});
    }
  }

  private async *polled(filter: Record<string, unknown>, hint: { hint?: string }): AsyncGenerator<string> {
    const options = { ...order, projection: compatProjection, batchSize: polledAtOnce, raw: true, ...hint };
    const cursor = this.inProgressJobs.collection.find<Uint8Array>(filter, options);
    for await (const jobs of inBatches(cursor)) {
      const texts = jobs.map((bytes) => this.textOf(bytes));
      yield texts.filter((text) => text !== '').join(',');
    }
  }

  /** Empty for a job that is left out. */
  private textOf(bytes: Uint8Array): string {
    const key = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    const known = this.texts.get(key);
    if (known !== undefined) return known;
    const text = shown([mongo.BSON.deserialize(bytes) as CompatListedJob]);
    this.texts.set(key, text);
    return text;
  }

  private async *unfinished(filter: Record<string, unknown>, seen: Set<string>): AsyncGenerator<string> {
    const cursor = this.inProgressJobs.collection.find<CompatListedJob>(filter, { ...order, projection: compatProjection, batchSize });
    for await (const jobs of inBatches(cursor)) {
      for (const job of jobs) seen.add(job._id);
      yield shown(jobs);
    }
  }

  private async *finishedUnseen(filter: Record<string, unknown>, seen: ReadonlySet<string>): AsyncGenerator<string> {
    const options = { sort: { finishedAt: 1, _id: 1 }, projection: compatProjection, batchSize } as const;
    const cursor = this.completedJobs.collection.find<CompatListedJob>(filter, options);
    for await (const jobs of inBatches(cursor)) yield shown(jobs.filter((job) => !seen.has(job._id)));
  }
}
