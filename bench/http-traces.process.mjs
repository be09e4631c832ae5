import { Pool } from 'undici';
import { runLifecycles } from './lifecycle-loop.mjs';
import { answerCalls } from './load-process.mjs';
import { appendsTo, stepOf, uploadOf } from './trace-step.mjs';

/** @type {Pool | undefined} */
let pool;
let headers;

/** Opens connections that stay. @param {{ url: string, clients: number, bearer: string }} options */
async function open({ url, clients, bearer }) {
  await pool?.close();
  pool = new Pool(url, { connections: clients, pipelining: 1 });
  headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' };
}

async function post(path, body) {
  const { statusCode, body: answer } = await pool.request({ method: 'POST', path, body: JSON.stringify(body), headers });
  const text = await answer.text();
  if (statusCode !== 200) throw new Error(`POST ${path}: ${statusCode} ${text}`);
  return JSON.parse(text);
}

const append = appendsTo({
  create: async (dataset) => (await post('/status-api/status', uploadOf(dataset))).trace_id,
  append: async (traceId, dataset, n) => {
    const stored = await post(`/status-api/status/${traceId}`, stepOf(dataset, n));
    if (stored.trace_id !== traceId) throw new Error(`not as sent: ${JSON.stringify(stored)}`);
  },
});

answerCalls({ open, run: (load) => runLifecycles(load, append) });
