import mongoose from 'mongoose';
import type { OriginalJob, OriginalMaintenance, OriginalTarget } from './original-documents.js';

/** How many documents of each kind the source has, about. */
export interface OriginalCounts {
  readonly inprogress: number;
  readonly completed: number;
  readonly targets: number;
  readonly maintenance: number;
}

const selectionMs = 5_000;
/** Documents of one answer of the source; by itself it sends 16 MiB at a time, which become many times as much here. */
const batchSize = 500;

/** The database of the original. Only ever read: the connection is used for counting and finding, and for nothing else. */
export class OriginalStore {
  private constructor(
    private readonly client: mongoose.mongo.MongoClient,
    private readonly database: mongoose.mongo.Db,
  ) {}

  /** Connects. @throws the driver's error when the server does not answer */
  static async connect({ url, database }: { url: string; database: string }): Promise<OriginalStore> {
    const options = {
      serverSelectionTimeoutMS: selectionMs,
      readPreference: 'primaryPreferred',
      appName: 'signalbox-import',
      retryWrites: false,
    } as const;
    const client = await new mongoose.mongo.MongoClient(url, options).connect();
    return new OriginalStore(client, client.db(database));
  }

  /** Ends the connection. */
  async close(): Promise<void> {
    await this.client.close();
  }

  /** About how much there is, for the progress. */
  async counts(): Promise<OriginalCounts> {
    const count = (name: string) => this.database.collection(name).estimatedDocumentCount();
    const [inprogress, completed, targets, maintenance] = await Promise.all(
      ['inprogress', 'completed', 'targets', 'maintenance'].map(count),
    );
    return { inprogress: inprogress!, completed: completed!, targets: targets!, maintenance: maintenance! };
  }

  /** Jobs of one collection in the order of their insertion. */
  jobs(place: 'inprogress' | 'completed'): AsyncIterable<OriginalJob> {
    return this.database.collection<OriginalJob & mongoose.mongo.Document>(place).find().sort({ _id: 1 }).batchSize(batchSize);
  }

  /** Rows in the order in which their targets first appeared. */
  targets(): AsyncIterable<OriginalTarget> {
    return this.database.collection<OriginalTarget & mongoose.mongo.Document>('targets').find().sort({ _id: 1 }).batchSize(batchSize);
  }

  /** Records of the switch, in the original's own order: that of their text. */
  async maintenance(): Promise<OriginalMaintenance[]> {
    return this.database
      .collection<OriginalMaintenance & mongoose.mongo.Document>('maintenance')
      .find()
      .sort({ timestamp: 1, _id: 1 })
      .toArray();
  }
}
