import { expect } from '@jest/globals';
import { getConnectionToken } from '@nestjs/mongoose';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Connection } from 'mongoose';
import { createApplication } from '../../src/application.js';
import { type Caller, systemCaller } from '../../src/common/caller.js';
import { PreconditionFailedError } from '../../src/common/errors/precondition.errors.js';
import { readSettings } from '../../src/config/settings.js';
import { DatabaseStarter } from '../../src/database/database-starter.js';
import type { StoredEvent } from '../../src/events/events.schema.js';
import { JobFinalError, JobNotFoundError } from '../../src/jobs/jobs.errors.js';
import type { JobDocument } from '../../src/jobs/jobs.schema.js';
import { StatusReports } from '../../src/jobs/compat/status-reports.service.js';
import { JobsService } from '../../src/jobs/jobs.service.js';
import { createLogger } from '../../src/observability/index.js';
import { TargetsReader } from '../../src/targets/index.js';
import { testMongodbUrl, withConnection } from '../support/database.js';
import type { Answer, JobsModel, ModelJob } from './lifecycle-model.js';

const creator = { id: 'u-17', firstName: 'Kari', lastName: 'Lie' };

/** The service's own use cases on a real database, and what they stored. */
export class LifecycleSystem {
  readonly caller: Caller = systemCaller('model');
  readonly jobs: JobsService;
  readonly reports: StatusReports;
  private readonly targets: TargetsReader;
  private readonly connection: Connection;

  private constructor(private readonly app: NestFastifyApplication) {
    this.jobs = app.get(JobsService, { strict: false });
    this.reports = app.get(StatusReports, { strict: false });
    this.targets = app.get(TargetsReader, { strict: false });
    this.connection = app.get<Connection>(getConnectionToken());
  }

  /** Starts the application, not listening, on an empty database. */
  static async start(databaseName: string, dataDir: string): Promise<LifecycleSystem> {
    const database = { MONGODB_URL: testMongodbUrl(), MONGODB_DATABASE: databaseName };
    // The model knows no limit of requeues, which has tests of its own.
    const env = { ...database, DATA_DIR: dataDir, LOG_LEVEL: 'error', COMPAT_MAX_REQUEUES: '1000' };
    const settings = readSettings(env);
    const app = await createApplication(settings, testMongodbUrl(), createLogger(settings));
    await app.get(DatabaseStarter).ready;
    return new LifecycleSystem(app);
  }

  async stop(): Promise<void> {
    const name = this.connection.name;
    await this.app.close();
    await withConnection(testMongodbUrl(), name, (connection) => connection.dropDatabase());
  }

  /** The id of a new job; null when the dataset is busy. */
  async create(datasetName: string): Promise<string | null> {
    const parameters = { operation: 'REMOVE', parameters: { description: 'first' }, extraParameters: null };
    const job = await this.jobs.tryCreate({ ...this.jobs.defaults, datasetName, ...parameters, createdBy: creator }, this.caller);
    return job?._id ?? null;
  }

  /** Insists that the stored documents are what the model says, and that each change of a job is exactly one event. */
  async expectAgreement(model: JobsModel): Promise<void> {
    for (const job of model.jobs) expect(seenOf(await this.storedOnce(job.id))).toEqual(expectedOf(job));
    for (const job of model.jobs)
      expect(await this.versionsOf(job.id)).toEqual(Array.from({ length: job.version }, (_, index) => index + 1));
    for (const dataset of new Set(model.jobs.map((job) => job.dataset))) {
      const wanted = model.rowOf(dataset)!;
      const row = await this.targets.findRow(dataset);
      expect(row).toMatchObject({ status: wanted.status, lastJobId: wanted.id, action: ['REMOVE'], lastUpdatedBy: creator });
    }
  }

  /** A job's document, which has to stand in exactly the collection that its state belongs to. */
  private async storedOnce(id: string): Promise<JobDocument> {
    const find = (name: string) => this.connection.collection<JobDocument>(name).findOne({ _id: id });
    const [active, finished] = [await find('inprogress'), await find('completed')];
    expect([active, finished].filter((each) => each !== null)).toHaveLength(1);
    const job = (active ?? finished)!;
    expect(['queued', 'running'].includes(job.status)).toBe(active !== null);
    return job;
  }

  /** The versions in outbox and events; each stands once in each, and an entry on its way in both. The outbox is read first, so that none is missed. */
  private async versionsOf(id: string): Promise<number[]> {
    const waiting = (await this.storedOnce(id)).outbox.map((entry) => entry.version);
    const events = await this.connection.collection<StoredEvent>('events').find({ documentId: id }).toArray();
    const told = events.map((event) => event.version);
    for (const versions of [waiting, told]) expect(new Set(versions).size).toBe(versions.length);
    return [...new Set([...told, ...waiting])].sort((a, b) => a - b);
  }
}

/** What the model knows of a stored job. */
function seenOf(job: JobDocument) {
  const { status, phase, attempt, losses, version, priority, tags, percent, lease } = job;
  const attempts = job.attempts.map((each) => ({ attempt: each.attempt, outcome: each.outcome, ended: each.endedAt !== null }));
  return {
    ...{ status, phase, attempt, losses, version, priority, tags, percent, lease, attempts },
    description: job.parameters.description,
    cancelWish: job.cancelRequested?.reason ?? null,
    log: job.log.map((line) => line.message),
    logBytes: job.logBytes,
    error: job.error?.message ?? null,
    started: job.startedAt !== null,
    finished: job.finishedAt !== null,
  };
}

function expectedOf(job: ModelJob) {
  const { status, phase, attempt, losses, version, priority, tags, cancelWish, log, error } = job;
  return {
    ...{ status, phase, attempt, losses, version, priority, tags, cancelWish, log, error },
    percent: status === 'completed' ? 100 : null,
    lease: null,
    attempts: job.attempts.slice(-20).map((each) => ({ ...each, ended: each.outcome !== null })),
    description: job.description ?? 'first',
    logBytes: log.reduce((sum, line) => sum + Buffer.byteLength(line), 0),
    started: attempt > 0,
    finished: !['queued', 'running'].includes(status),
  };
}

/** The answer of a call that returns the changed job or throws. */
export async function answerOf(call: Promise<unknown>): Promise<Answer> {
  try {
    await call;
    return 'changed';
  } catch (error) {
    if (error instanceof JobFinalError) return 'final';
    if (error instanceof PreconditionFailedError) return 'mismatch';
    if (error instanceof JobNotFoundError) return 'notFound';
    throw error;
  }
}
