import { randomUUID } from 'node:crypto';
import mongoose from 'mongoose';
import { driverOptions } from './bench-database.mjs';
import { DriverJobs } from './driver-jobs.mjs';
import { reports, runLifecycles } from './lifecycle-loop.mjs';
import { answerCalls } from './load-process.mjs';

/** @type {DriverJobs | undefined} */
let jobs;

/** @param {{ url: string, database: string }} place */
async function open({ url, database }) {
  await jobs?.client.close();
  jobs = new DriverJobs(await new mongoose.mongo.MongoClient(url, driverOptions).connect(), database);
}

async function lifecycle(datasetName) {
  const id = randomUUID();
  await jobs.create(id, datasetName);
  for (const status of reports.slice(0, -1)) await jobs.report(id, status);
  await jobs.finish(id);
  const job = await jobs.read(id);
  if (job.status !== 'completed' || job.log.length !== reports.length) throw new Error(`not as reported: ${JSON.stringify(job)}`);
}

answerCalls({ open, run: (load) => runLifecycles(load, lifecycle) });
