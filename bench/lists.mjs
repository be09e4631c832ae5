import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withClient } from './bench-database.mjs';
import { listRequests, otherPolls, poll } from './list-requests.mjs';
import { LoadProcess } from './load-process.mjs';
import { processorSeconds } from './process-figures.mjs';
import { say } from './progress.mjs';
import { plansOf } from './query-plans.mjs';
import { latencies } from './statistics.mjs';

const pollGoal = { below: 10 };
const pageGoal = { below: 150 };
const pollsPerPage = 5;
const warmUp = 5;

/** The header of an admin of the native API. */
async function adminHeader(dataDir) {
  return { authorization: `Bearer ${(await readFile(join(dataDir, 'admin-token'), 'utf8')).trim()}` };
}

/** A reader of the service, in a process of its own. */
export async function startReader(service) {
  const reader = new LoadProcess(new URL('http-reader.process.mjs', import.meta.url));
  await reader.call('open', { url: service.url });
  return reader;
}

/**
 * Times the polls and the pages of all lists, and explains their queries.
 * @param {{ service: import('./service-process.mjs').ServiceProcess, mongod: { url: string }, database: string, dataDir: string, requests: number }} run
 */
export async function measureLists({ service, mongod, database, dataDir, requests: times }) {
  const headers = await adminHeader(dataDir);
  const reader = await startReader(service);
  try {
    return await withClient(mongod.url, async (client) => {
      const db = client.db(database);
      say('finding places in the lists');
      const get = (request) => reader.call('get', request);
      const pages = await listRequests({ completed: db.collection('completed'), get, headers, times });
      const polls = [poll, ...otherPolls].map((path) => ({ name: path, list: path, depth: 'whole', path, times: times * pollsPerPage }));
      const all = [...polls, ...pages];
      await reader.call('time', { requests: all.map((request) => ({ ...request, times: warmUp })) });
      say(`asking ${all.length} requests, ${times} times each`);
      const timed = await reader.call('time', { requests: all });
      const pollCost = await costOfPoll({ service, mongod, reader, times: times * pollsPerPage });
      say('explaining their queries');
      return { requests: all, timed, pollCost, plans: await plansOf(db, all, get) };
    });
  } finally {
    await reader.close();
  }
}

/** Milliseconds of processor time that one poll takes, which says more than its latency where others use the machine too; null without /proc. */
async function costOfPoll({ service, mongod, reader, times }) {
  const used = async () => ({ service: await processorSeconds(service.pid), mongod: await processorSeconds(mongod.pid) });
  const before = await used();
  await reader.call('time', { requests: [{ name: poll, path: poll, times }] });
  const after = await used();
  const cost = (name) => (before[name] === null ? null : ((after[name] - before[name]) * 1_000) / times);
  return { service: cost('service'), mongod: cost('mongod') };
}

const percentiles = ({ p50, p95, p99 }) => `p50 ${p50.toFixed(1)}, p95 ${p95.toFixed(1)}, p99 ${p99.toFixed(1)}`;

/** One figure for each list: the worst of its depths. */
function addList(figures, list, { requests, timed }) {
  const depths = requests.filter((request) => request.list === list).map(({ name, depth }) => ({ depth, ...latencies(timed[name].ms) }));
  const isPoll = list.startsWith('/jobs');
  const value = Math.max(...depths.map(({ p99 }) => p99));
  const note = isPoll
    ? `${percentiles(depths[0])}; ${timed[list].bytes} bytes`
    : depths.map(({ depth, p50, p99 }) => `${depth} ${p50.toFixed(1)}/${p99.toFixed(1)}`).join(', ');
  const name = isPoll ? `GET ${list}` : `page of ${list}`;
  figures.add('b', `${name}: p99`, { unit: 'ms', value, goal: isPoll ? pollGoal : pageGoal, note, depths });
}

/** Adds latencies and what the plans show. */
export function addListFigures(figures, measured) {
  for (const list of new Set(measured.requests.map((request) => request.list))) addList(figures, list, measured);
  for (const [process, value] of Object.entries(measured.pollCost))
    if (value !== null) figures.add('b', `processor time of ${process} for one poll`, { unit: 'ms', value });
  const having = (stage) => measured.plans.filter(({ stages }) => stages.includes(stage));
  const note = `of ${measured.plans.length} explained queries of ${measured.requests.length} requests`;
  for (const [stage, what] of Object.entries({ COLLSCAN: 'collection scan', SORT: 'sort in memory' })) {
    const found = having(stage);
    const names = found.length > 0 ? `: ${found.map(({ request, collection }) => `${request} (${collection})`).join('; ')}` : '';
    figures.add('b', `queries with a ${what}`, { unit: '', value: found.length, goal: { equal: 0 }, note: `${note}${names}` });
  }
  const wasted = Math.max(...measured.plans.map(({ documents, returned }) => documents - returned));
  figures.add('b', 'documents read in vain by a query, at most', { unit: '', value: wasted });
}
