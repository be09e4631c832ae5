import { Pool } from 'undici';
import { JobFlow } from './job-flow.mjs';
import { answerCalls } from './load-process.mjs';

const flow = new JobFlow();
/** @type {Pool | undefined} */
let pool;
let headers;

/** Opens connections that stay. @param {{ url: string, connections: number, bearer: string }} options */
async function open({ url, connections, bearer }) {
  await pool?.close();
  pool = new Pool(url, { connections, pipelining: 1 });
  headers = { 'content-type': 'application/json', authorization: `Bearer ${bearer}` };
}

async function post(path, content) {
  const request = { method: 'POST', path: `/api/v1/jobs${path}`, body: JSON.stringify(content), headers };
  const { statusCode, body } = await pool.request(request);
  const text = await body.text();
  if (statusCode >= 300) throw new Error(`POST ${path}: ${statusCode} ${text}`);
  return JSON.parse(text);
}

async function work(worker, going) {
  while (going()) {
    const { job, leaseToken } = await post('/claim', { worker: { id: `bench-${worker}` }, operations: ['ADD'], waitSeconds: 1 });
    if (job === null) continue;
    await post(`/${job.jobId}/complete`, { leaseToken, result: { rows: 9 } });
    flow.done(job.datasetName);
  }
}

/** Creates jobs and works them off. @param {{ workers: number, outstanding: number, seconds: number, atLeast?: number }} load */
async function run({ workers, ...load }) {
  let going = true;
  const working = Promise.all(Array.from({ length: workers }, (_, worker) => work(worker, () => going)));
  const result = await Promise.race([
    flow.run(load, (datasetName) => post('', { datasetName, operation: 'ADD' })),
    working.then(() => Promise.reject(new Error('the workers ended'))),
  ]);
  going = false;
  await working;
  return result;
}

answerCalls({ open, run });
