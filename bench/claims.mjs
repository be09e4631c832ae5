import { randomUUID } from 'node:crypto';
import { prepareDatabase, untilRelayed, withClient } from './bench-database.mjs';
import { DriverJobs } from './driver-jobs.mjs';
import { queuedJobs } from './large-store-documents.mjs';
import { LoadProcess } from './load-process.mjs';
import { say } from './progress.mjs';
import { latencies, spread } from './statistics.mjs';

/** How many workers claim at a time. */
const crowds = [64, 200];

/** Makes queued jobs, all of operations that the workers ask for. */
export async function fillQueue(url, database, count) {
  await prepareDatabase(url, database);
  await withClient(url, async (client) => {
    const jobs = new DriverJobs(client, database);
    const id = randomUUID();
    await jobs.create(id, 'BENCH_TEMPLATE');
    const template = await jobs.inProgress.findOneAndDelete({ _id: id });
    await jobs.inProgress.insertMany(queuedJobs(template, count), { ordered: false, writeConcern: { w: 1 } });
  });
}

/** Every job is queued again, as if nobody had claimed it. */
async function putBack(url, database) {
  await untilRelayed(url, database);
  await withClient(url, (client) =>
    client
      .db(database)
      .collection('inprogress')
      .updateMany({ status: 'running' }, { $set: { status: 'queued', lease: null, attempt: 0, attempts: [], startedAt: null } }),
  );
}

function note(crowd, { ms, doubles, seconds }) {
  crowd.doubles += doubles;
  crowd.perSecond.push(ms.length / seconds);
  crowd.p99.push(latencies(ms).p99);
  crowd.ms.push(...ms);
  say(`claims by ${crowd.workers} workers: ${crowd.perSecond.at(-1).toFixed(0)}/s`);
}

/**
 * Claims, one round of each crowd by turns; before each round all jobs are queued.
 * @param {{ service: import('./service-process.mjs').ServiceProcess, mongod: { url: string }, database: string, bearer: string }} place
 * @param {{ rounds: number, seconds: number }} load
 */
export async function measureClaims({ service, mongod, database, bearer }, { rounds, seconds }) {
  const load = new LoadProcess(new URL('http-claims.process.mjs', import.meta.url));
  const measured = crowds.map((workers) => ({ workers, perSecond: [], p99: [], ms: [], doubles: 0 }));
  try {
    await load.call('open', { url: service.url, connections: Math.max(...crowds), bearer });
    const round = async (crowd) => {
      const result = await load.call('run', { workers: crowd.workers, seconds });
      await putBack(mongod.url, database);
      return result;
    };
    for (const crowd of measured) await round(crowd); // warms up
    for (let number = 1; number <= rounds; number++) for (const crowd of measured) note(crowd, await round(crowd));
    return measured;
  } finally {
    await load.close();
  }
}

/** Adds rates and latencies of each crowd. */
export function addClaimFigures(figures, measured) {
  for (const { workers, perSecond, p99, ms, doubles } of measured) {
    const { p50, p95, max } = latencies(ms);
    const note = `p50 ${p50.toFixed(1)}, p95 ${p95.toFixed(1)}, max ${max.toFixed(1)}`;
    figures.add('f', `claims by ${workers} workers`, { unit: 'claims/s', ...spread(perSecond), note: `${ms.length} claims` });
    figures.add('f', `claims by ${workers} workers: p99`, { unit: 'ms', ...spread(p99), note });
    figures.add('f', `jobs handed out twice to ${workers} workers`, { unit: '', value: doubles, goal: { equal: 0 } });
  }
}
