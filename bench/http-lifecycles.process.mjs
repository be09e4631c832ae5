import { Pool } from 'undici';
import { reports, runLifecycles } from './lifecycle-loop.mjs';
import { answerCalls } from './load-process.mjs';

/** @type {Pool | undefined} */
let pool;
let sent;

/** Opens connections that stay. @param {{ url: string, clients: number, cookies?: string, bearer?: string }} options */
async function open({ url, clients, cookies, bearer }) {
  await pool?.close();
  pool = new Pool(url, { connections: clients, pipelining: 1 });
  const json = { 'content-type': 'application/json' };
  const authorization = bearer ? { authorization: `Bearer ${bearer}` } : {};
  sent = { post: { ...json, ...(cookies && { cookie: cookies }) }, put: { ...json, ...authorization }, get: authorization };
}

async function call(options) {
  const { statusCode, body } = await pool.request(options);
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`${options.method} ${options.path}: ${statusCode} ${text}`);
  return text;
}

async function lifecycle(target) {
  const jobs = JSON.stringify({ jobs: [{ operation: 'ADD', target }] });
  const [{ job_id: id, reason }] = JSON.parse(await call({ method: 'POST', path: '/jobs', body: jobs, headers: sent.post }));
  if (!id) throw new Error(`not created: ${reason}`);
  const path = `/jobs/${id}`;
  for (const status of reports) await call({ method: 'PUT', path, body: JSON.stringify({ status }), headers: sent.put });
  const job = JSON.parse(await call({ method: 'GET', path, headers: sent.get }));
  if (job.status !== 'completed' || job.log.length !== reports.length) throw new Error(`not as reported: ${JSON.stringify(job)}`);
}

answerCalls({ open, run: (load) => runLifecycles(load, lifecycle) });
