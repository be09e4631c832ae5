import mongoose from 'mongoose';
import { driverOptions } from './bench-database.mjs';
import { DriverTraces } from './driver-traces.mjs';
import { runLifecycles } from './lifecycle-loop.mjs';
import { answerCalls } from './load-process.mjs';
import { appendsTo } from './trace-step.mjs';

/** @type {DriverTraces | undefined} */
let traces;

/** @param {{ url: string, database: string }} place */
async function open({ url, database }) {
  await traces?.client.close();
  traces = new DriverTraces(await new mongoose.mongo.MongoClient(url, driverOptions).connect(), database);
}

const append = appendsTo({
  create: (dataset) => traces.create(dataset),
  append: (traceId, dataset, n) => traces.append(traceId, dataset, n),
});

answerCalls({ open, run: (load) => runLifecycles(load, append) });
