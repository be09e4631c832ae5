import { createHash } from 'node:crypto';
import mongoose, { type Connection, type Model } from 'mongoose';
import { systemCaller } from '../common/caller.js';
import { type Insertion, insertionFilter, insertionPipeline, operand } from '../database/change.js';
import { connectionOptions } from '../database/connection-options.js';
import { prepareSchema } from '../database/schema-preparation.js';
import { duplicateKeyOf } from '../database/mongo-errors.js';
import { Transactions, type TransactionSession } from '../database/transactions.js';
import { isFinal } from '../jobs/jobs-lifecycle.js';
import { completedModel, inProgressModel, type JobDocument } from '../jobs/jobs.schema.js';
import type { MaintenanceRecord } from '../maintenance/maintenance-lifecycle.js';
import { type MaintenanceDocument, maintenanceModel } from '../maintenance/maintenance.schema.js';
import { type TargetDocument, targetModel, type TargetOutcome } from '../targets/targets.schema.js';
import type { TakenJob } from './job-takeover.js';
import { type TakeoverDocument, takeoverModel } from './takeovers.schema.js';

/** What became of a job. `changed-here`: it has been changed in Signalbox since it was taken. */
export type JobTakeover = 'taken' | 'updated' | 'unchanged' | 'busy' | 'changed-here';

/** A record of the switch with the id that it has in the source. */
export type TakenRecord = MaintenanceRecord & { readonly _id: mongoose.Types.ObjectId };

const caller = systemCaller('import');

/** The same for the same job. */
const digestOf = (job: TakenJob): string => createHash('sha256').update(mongoose.mongo.BSON.EJSON.stringify(job)).digest('hex');

/** What tells whether a stored job is still as an import left it. */
type Stored = Pick<JobDocument, '_id' | 'status' | 'version' | 'staleTold' | 'overdueTold'>;
type Replaced = Pick<JobDocument, '_id' | 'version'>;
const storedFields = { status: 1, version: 1, staleTold: 1, overdueTold: 1 };

/** The database of the service, written by the service's own rules, while it runs or not. */
export class TakeoverStore {
  private readonly inProgress: Model<JobDocument>;
  private readonly completed: Model<JobDocument>;
  private readonly targets: Model<TargetDocument>;
  private readonly maintenance: Model<MaintenanceDocument>;
  private readonly takeovers: Model<TakeoverDocument>;
  private readonly transactions: Transactions;

  private constructor(private readonly connection: Connection) {
    this.transactions = new Transactions(connection);
    this.inProgress = connection.model<JobDocument>(inProgressModel.name, inProgressModel.schema);
    this.completed = connection.model<JobDocument>(completedModel.name, completedModel.schema);
    this.targets = connection.model<TargetDocument>(targetModel.name, targetModel.schema);
    this.maintenance = connection.model<MaintenanceDocument>(maintenanceModel.name, maintenanceModel.schema);
    this.takeovers = connection.model<TakeoverDocument>(takeoverModel.name, takeoverModel.schema);
  }

  /** Connects. @throws the driver's error when the server does not answer */
  static async connect({ url, database }: { url: string; database: string }): Promise<TakeoverStore> {
    return new TakeoverStore(await mongoose.createConnection(url, { ...connectionOptions, dbName: database }).asPromise());
  }

  /** Ends the connection. */
  async close(): Promise<void> {
    await this.connection.close();
  }

  /** Makes the collections and indexes, as a start of the service does. @throws DatabaseUnusableError */
  async prepare(): Promise<void> {
    await prepareSchema(this.connection);
  }

  /** What taking this job would do; nothing is written. */
  async preview(job: TakenJob): Promise<JobTakeover> {
    const standing = (await this.standings([job])).get(job._id)!;
    return standing === 'taken' && !isFinal(job.status) && (await this.isBusy(job)) ? 'busy' : standing;
  }

  /** Writes a job under its own id. Safe to repeat; a job that was changed here is left alone. */
  async take(job: TakenJob): Promise<JobTakeover> {
    // Read before its standing, so that what is replaced is what was judged, or nothing.
    const stored = await this.inProgress.findById(job._id, { version: 1 }).lean<Replaced>();
    const standing = (await this.standings([job])).get(job._id)!;
    if (standing !== 'taken' && standing !== 'updated') return standing;
    try {
      const version = standing === 'taken' ? await this.insert(job) : stored && (await this.replace(stored, job));
      if (version === null) return await this.take(job); // it was changed meanwhile, by somebody or by a telling
      await this.remember(job, version);
      return standing;
    } catch (error) {
      const keys = duplicateKeyOf(error);
      if (keys?.includes('datasetName')) return 'busy';
      if (keys?.includes('_id')) return 'changed-here'; // somebody else was faster
      throw error;
    }
  }

  /** As `preview`, for many finished jobs at once; by id. */
  previewFinished(jobs: readonly TakenJob[]): Promise<Map<string, JobTakeover>> {
    return this.standings(jobs);
  }

  /**
   * As `take`, for many finished jobs at once; by id. What is taken is noted first: an import that is interrupted in between finds no job to the note, and
   * takes it again.
   */
  async takeFinished(jobs: readonly TakenJob[]): Promise<Map<string, JobTakeover>> {
    const outcomes = await this.standings(jobs);
    const fresh = jobs.filter(({ _id }) => outcomes.get(_id) === 'taken');
    await this.rememberAll(fresh);
    for (const id of await this.insertAll(fresh)) outcomes.set(id, 'changed-here'); // somebody else was faster
    for (const job of jobs) if (outcomes.get(job._id) === 'updated') outcomes.set(job._id, await this.take(job));
    return outcomes;
  }

  /** @returns the ids that were there already */
  private async insertAll(jobs: readonly TakenJob[]): Promise<string[]> {
    for (const job of jobs) await this.assertValid(job);
    const writes = jobs.map((job) => ({
      updateOne: { filter: insertionFilter(job._id), update: insertionPipeline(this.insertionOf(job)), upsert: true },
    }));
    return (await this.writeAll(this.completed, writes)).map((index) => jobs[index]!._id);
  }

  /** Unordered writes; @returns the places of those that met a taken id */
  private async writeAll(model: Model<never> | Model<JobDocument>, writes: readonly object[]): Promise<number[]> {
    if (writes.length === 0) return [];
    try {
      await model.collection.bulkWrite(writes as never, { ordered: false });
      return [];
    } catch (error) {
      const faults = error instanceof mongoose.mongo.MongoBulkWriteError ? [error.writeErrors].flat() : [];
      if (faults.length === 0 || faults.some(({ code }) => code !== 11_000)) throw error;
      return faults.map(({ index }) => index);
    }
  }

  private async rememberAll(jobs: readonly TakenJob[]): Promise<void> {
    const writes = jobs.map((job) => ({
      updateOne: { filter: { _id: job._id }, update: { $set: { version: 1, digest: digestOf(job) } }, upsert: true },
    }));
    await this.writeAll(this.takeovers as never, writes);
  }

  /** What each job is to its namesake here, by id; `taken` where there is none yet. */
  private async standings(jobs: readonly TakenJob[]): Promise<Map<string, JobTakeover>> {
    const ids = jobs.map(({ _id }) => _id);
    const stored = new Map<string, Stored>();
    // In the order in which a job moves, so that none is missed.
    for (const model of [this.inProgress, this.completed])
      for (const job of await model.find({ _id: mongoose.trusted({ $in: ids }) }, storedFields).lean<Stored[]>()) stored.set(job._id, job);
    const notes = await this.notesOf([...stored.keys()]);
    return new Map(jobs.map((job) => [job._id, standingOf(job, stored.get(job._id), notes.get(job._id))]));
  }

  private async notesOf(ids: readonly string[]): Promise<Map<string, TakeoverDocument>> {
    const notes = ids.length === 0 ? [] : await this.takeovers.find({ _id: mongoose.trusted({ $in: ids }) }).lean<TakeoverDocument[]>();
    return new Map(notes.map((note) => [note._id, note]));
  }

  private async isBusy({ datasetName }: TakenJob): Promise<boolean> {
    return (await this.inProgress.exists({ datasetName })) !== null;
  }

  private insertionOf(job: TakenJob, movedFrom?: JobDocument): Insertion {
    return {
      document: { ...job },
      type: movedFrom && isFinal(job.status) ? `job.${job.status}` : movedFrom ? 'job.edited' : 'job.created',
      to: job.status,
      from: movedFrom?.status ?? null,
      caller,
      reason: 'Taken over from the original job service.',
      ...(movedFrom && { movedFrom }),
    };
  }

  private async put(insertion: Insertion, session?: TransactionSession): Promise<number> {
    const model = isFinal(insertion.to as JobDocument['status']) ? this.completed : this.inProgress;
    await this.assertValid(insertion.document);
    const options = { upsert: true, returnDocument: 'after', projection: { version: 1 }, ...(session && { session }) } as const;
    const stored = await model.collection.findOneAndUpdate(
      insertionFilter(insertion.document._id) as never,
      insertionPipeline(insertion),
      options,
    );
    return (stored as unknown as { version: number }).version;
  }

  /** Without the log, whose lines are made here, and would take most of the time. @throws mongoose's ValidationError for what is no job of ours */
  private async assertValid(document: object): Promise<void> {
    await new this.completed({ ...document, log: [], version: 1, outbox: [] }).validate();
  }

  private insert(job: TakenJob): Promise<number> {
    return this.put(this.insertionOf(job));
  }

  /** Takes the job out and puts it back as it is in the source now, in one transaction; null when it is not as it was found any more. */
  private replace(stored: Replaced, job: TakenJob): Promise<number | null> {
    return this.transactions.run(async (session) => {
      const gone = await this.inProgress.collection.findOneAndDelete({ _id: stored._id as never, version: stored.version }, { session });
      return gone ? this.put(this.insertionOf(job, gone as unknown as JobDocument), session) : null;
    });
  }

  private async remember(job: TakenJob, version: number): Promise<void> {
    await this.takeovers.collection.updateOne({ _id: job._id as never }, { $set: { version, digest: digestOf(job) } }, { upsert: true });
  }

  /** The row of a name; null when it is not known here. */
  async findTarget(name: string): Promise<TargetDocument | null> {
    return this.targets.findOne({ name }).lean<TargetDocument>();
  }

  /** Makes a name known since a time, and gives it an outcome unless it has a newer one. Safe to repeat. */
  async takeTarget(name: string, firstSeenAt: Date, outcome: TargetOutcome | null): Promise<void> {
    const newer = { $gt: [operand(outcome?.at ?? null), { $ifNull: ['$outcome.at', operand(null)] }] };
    const update = {
      name: operand(name),
      firstSeenAt: { $min: ['$firstSeenAt', operand(firstSeenAt)] },
      outcome: outcome ? { $cond: [newer, operand(outcome), '$outcome'] } : { $ifNull: ['$outcome', operand(null)] },
    };
    await this.targets.collection.updateOne({ name }, [{ $set: update }], { upsert: true });
  }

  /** Makes names known since a time each. Safe to repeat. */
  async knowTargets(firstSeen: ReadonlyMap<string, Date>): Promise<void> {
    const writes = [...firstSeen].map(([name, at]) => ({
      updateOne: {
        filter: { name },
        update: [
          { $set: { name: operand(name), firstSeenAt: { $min: ['$firstSeenAt', operand(at)] }, outcome: { $ifNull: ['$outcome', null] } } },
        ],
        upsert: true,
      },
    }));
    const missed = await this.writeAll(this.targets as never, writes);
    if (missed.length > 0)
      await this.writeAll(
        this.targets as never,
        missed.map((index) => writes[index]!),
      ); // made by somebody else meanwhile
  }

  /** All records of the switch, oldest first. */
  async records(): Promise<MaintenanceDocument[]> {
    return this.maintenance.find().sort({ number: 1 }).lean<MaintenanceDocument[]>();
  }

  /** Adds a record behind the newest. @throws a duplicate key error when somebody else set the switch meanwhile */
  async addRecord(record: TakenRecord): Promise<void> {
    await this.maintenance.collection.insertOne({ ...record, version: 1, outbox: [] });
  }
}

/**
 * The version without what the service told of the job by itself: that changes nothing, and a job that was taken or put back has not been told of. A job that is
 * told of once more has had a sign of life, or a new due time, in between.
 */
const versionWithoutTellings = ({ version, staleTold, overdueTold }: Stored): number =>
  version - (staleTold ? 1 : 0) - (overdueTold ? 1 : 0);

/** A job without a note was taken by an import that was interrupted before it could note it: it is as it was inserted. */
function standingOf(job: TakenJob, stored: Stored | undefined, note: TakeoverDocument | undefined): JobTakeover {
  if (!stored) return 'taken';
  if (note?.digest === digestOf(job)) return 'unchanged';
  if (versionWithoutTellings(stored) !== (note?.version ?? 1) || isFinal(stored.status)) return 'changed-here';
  return 'updated';
}
