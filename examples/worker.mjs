#!/usr/bin/env node
// A worker with the loop of the typed client: SIGNALBOX_TOKEN=$(signalbox token create --role worker) node examples/worker.mjs
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, JobFailure, runWorker } from 'signalbox/client';

const {
  SIGNALBOX_URL = 'http://127.0.0.1:8000',
  SIGNALBOX_TOKEN,
  OPERATIONS = 'ADD,CHANGE',
  WORKER_ID = 'example-node',
  STEP_SECONDS = '1',
} = process.env;
const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => stop.abort());

/** Your work: ten steps, from the checkpoint of the attempt before. Stops when the job is cancelled, lost or given back. */
async function work(job, run) {
  if (job.datasetName.startsWith('BROKEN_')) throw new JobFailure('EXAMPLE_BROKEN', 'Nothing can be done.', { retryable: false });
  for (let step = job.checkpoint?.step ?? 0; step < 10; step++) {
    await sleep(Number(STEP_SECONDS) * 1_000, undefined, { signal: run.signal });
    run.report({ phase: 'transforming', percent: (step + 1) * 10, checkpoint: { step: step + 1 } });
    run.log(`step ${step + 1} of 10`);
  }
  return { result: { steps: 10 } };
}

await runWorker({
  client: createClient({ url: SIGNALBOX_URL, token: SIGNALBOX_TOKEN }),
  worker: { id: WORKER_ID, version: '1.0' },
  operations: OPERATIONS.split(','),
  handler: work,
  waitSeconds: 5,
  signal: stop.signal,
  onNotice: ({ kind, jobId = '', message = '' }) => console.log(jobId, kind, message),
});
