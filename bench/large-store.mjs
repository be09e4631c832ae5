import { randomUUID } from 'node:crypto';
import { completedModel, inProgressModel } from '../dist/jobs/jobs.schema.js';
import { prepareDatabase, withClient } from './bench-database.mjs';
import { DriverJobs } from './driver-jobs.mjs';
import { FinishedJobs, queuedJobs } from './large-store-documents.mjs';
import { reports } from './lifecycle-loop.mjs';
import { progressBar, say } from './progress.mjs';

const batchLength = 2_000;
const parallelBatches = 3;

/** One finished job as the service's own statements leave it. */
async function finishedTemplate(client, database) {
  const jobs = new DriverJobs(client, database);
  const id = randomUUID();
  await jobs.create(id, 'BENCH_TEMPLATE');
  const queued = await jobs.inProgress.findOne({ _id: id });
  for (const status of reports.slice(0, -1)) await jobs.report(id, status);
  await jobs.finish(id);
  const finished = await jobs.completed.findOneAndDelete({ _id: id });
  await jobs.targets.deleteMany({});
  return { queued, finished };
}

const indexesOf = (schema) => schema.indexes().map(([key, { background: _, ...options }]) => ({ key, ...options }));

/** Inserts without waiting for the journal; nothing of it needs to survive. */
async function insertAll(collection, documents, bar) {
  const workers = Array.from({ length: parallelBatches }, async () => {
    for (const batch of documents) {
      await collection.insertMany(batch, { ordered: false, writeConcern: { w: 1 } });
      bar.advance(batch.length);
    }
  });
  await Promise.all(workers);
}

/** Indexes are made last and in one pass, which takes a fraction of the time that inserting into them takes. */
async function fillCompleted(db, template, count) {
  const completed = db.collection(completedModel.schema.get('collection'));
  await completed.dropIndexes();
  const bar = progressBar('finished jobs', count);
  await insertAll(completed, new FinishedJobs(template, count).inBatches(batchLength), bar);
  bar.end();
  say('making the indexes');
  await completed.createIndexes(indexesOf(completedModel.schema), { maxTimeMS: 0 });
}

/**
 * Fills a database with finished and queued jobs.
 * @param {string} url
 * @param {{ database: string, jobs: number, queued: number }} size
 */
export async function fillLargeStore(url, { database, jobs, queued }) {
  await prepareDatabase(url, database);
  await withClient(url, async (client) => {
    const db = client.db(database);
    const template = await finishedTemplate(client, database);
    await fillCompleted(db, template.finished, jobs);
    const inProgress = db.collection(inProgressModel.schema.get('collection'));
    await inProgress.insertMany(queuedJobs(template.queued, queued), { writeConcern: { w: 1 } });
  });
}
