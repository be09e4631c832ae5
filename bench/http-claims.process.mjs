import { Pool } from 'undici';
import { answerCalls } from './load-process.mjs';

/** @type {Pool | undefined} */
let pool;
let headers;

/** Opens connections that stay. @param {{ url: string, connections: number, bearer: string }} options */
async function open({ url, connections, bearer }) {
  await pool?.close();
  pool = new Pool(url, { connections, pipelining: 1 });
  headers = { 'content-type': 'application/json', authorization: `Bearer ${bearer}` };
}

async function claimOne(worker) {
  const body = JSON.stringify({ worker: { id: `bench-${worker}` }, operations: ['ADD', 'CHANGE', 'PATCH_METADATA'], leaseSeconds: 3_600 });
  const startedAt = performance.now();
  const { statusCode, body: answer } = await pool.request({ method: 'POST', path: '/api/v1/jobs/claim', body, headers });
  const text = await answer.text();
  const ms = performance.now() - startedAt;
  if (statusCode !== 200) throw new Error(`claim: ${statusCode} ${text}`);
  const { job, reason } = JSON.parse(text);
  if (job === null) throw new Error(`a claim got nothing: ${reason}; --claim-jobs must be more`);
  return { ms, id: job.jobId };
}

/**
 * Lets workers claim, each one job after the other, until the time is over.
 * @param {{ workers: number, seconds: number }} load
 * @returns latencies, and how many jobs were handed out more than once
 */
async function run({ workers, seconds }) {
  const startedAt = performance.now();
  const [ms, ids] = [[], []];
  const work = async (worker) => {
    while (performance.now() - startedAt < seconds * 1_000) {
      const claimed = await claimOne(worker);
      ms.push(claimed.ms);
      ids.push(claimed.id);
    }
  };
  await Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)));
  return { ms, doubles: ids.length - new Set(ids).size, seconds: (performance.now() - startedAt) / 1_000 };
}

answerCalls({ open, run });
