import { untilRelayed } from './bench-database.mjs';
import { LoadProcess } from './load-process.mjs';
import { processorSeconds, watchMemory } from './process-figures.mjs';
import { say } from './progress.mjs';
import { spread } from './statistics.mjs';

const megabyte = 1e6;

/**
 * One side of a comparison.
 * @typedef {object} Side
 * @property {string} name
 * @property {LoadProcess} load
 * @property {Record<string, number>} pids whose processor time is taken, by name
 * @property {number | null} servicePid whose memory is watched
 * @property {() => Promise<unknown>} settle resolves when nothing of it works any more
 */

/**
 * The lifecycles over HTTP.
 * @param {import('./service-process.mjs').ServiceProcess} service
 * @param {{ database: string, mongod: { url: string, pid: number }, clients: number, credentials?: { cookies?: string, bearer?: string } }} place
 * @returns {Promise<Side>}
 */
export async function overHttp(service, { database, mongod, clients, credentials = {} }) {
  const load = new LoadProcess(new URL('http-lifecycles.process.mjs', import.meta.url));
  await load.call('open', { url: service.url, clients, ...credentials });
  const pids = { service: service.pid, client: load.pid, mongod: mongod.pid };
  return { name: 'over HTTP', load, pids, servicePid: service.pid, settle: () => untilRelayed(mongod.url, database) };
}

/**
 * The same statements by the bare driver, in a database that no service looks after.
 * @param {{ database: string, mongod: { url: string, pid: number } }} place
 * @returns {Promise<Side>}
 */
export async function byDriver({ database, mongod }) {
  const load = new LoadProcess(new URL('driver-lifecycles.process.mjs', import.meta.url));
  await load.call('open', { url: mongod.url, database });
  const pids = { client: load.pid, mongod: mongod.pid };
  return { name: 'by the bare driver', load, pids, servicePid: null, settle: () => Promise.resolve() };
}

/** One round of one side. */
async function round(side, load) {
  const used = () => Promise.all(Object.values(side.pids).map(processorSeconds));
  const memory = side.servicePid === null ? null : watchMemory(side.servicePid);
  const before = await used();
  const { lifecycles, seconds } = await side.load.call('run', load);
  const after = await used();
  const msOf = (index) => (before[index] === null ? null : ((after[index] - before[index]) * 1_000) / lifecycles);
  const processorMs = Object.fromEntries(Object.keys(side.pids).map((name, index) => [name, msOf(index)]));
  return { perSecond: lifecycles / seconds, lifecycles, processorMs, memory: memory?.stop() ?? [] };
}

/**
 * Rounds of two sides by turns; each side has settled before the other one's turn. The first turn of each only warms up: before some
 * thousands of calls nothing is compiled, and both sides need several times the processor time.
 * @param {readonly [Side, Side]} sides
 * @param {{ rounds: number, seconds: number, clients: number, warmUp: number }} load
 */
export async function compare([first, second], load) {
  const pairs = [];
  const turn = async (side, options) => {
    const result = await round(side, options);
    await side.settle();
    return result;
  };
  try {
    for (const side of [first, second]) await turn(side, { ...load, atLeast: load.warmUp });
    for (let number = 1; number <= load.rounds; number++) {
      const [a, b] = [await turn(first, load), await turn(second, load)];
      pairs.push({ first: a, second: b, ratio: a.perSecond / b.perSecond });
      const told = [a, b].map(({ perSecond }) => perSecond.toFixed(1));
      say(`round ${number}/${load.rounds}: ${told[0]} ${first.name}, ${told[1]} ${second.name}, ratio ${pairs.at(-1).ratio.toFixed(2)}`);
    }
    return pairs;
  } finally {
    await Promise.all([first.load.close(), second.load.close()]);
  }
}

/** NaN, which no figure shows, where processor time is not known. */
const totalMs = ({ processorMs }) => Object.values(processorMs).reduce((sum, ms) => sum + (ms ?? Number.NaN), 0);

/**
 * Adds what the pairs of rounds came to.
 * @param {string} kind in front of each name
 * @param {readonly [string, string]} names of the sides
 */
export function addLifecycleFigures(figures, { kind, names, pairs, goal }) {
  const add = (name, of, figure) => {
    const values = pairs.map(of).filter(Number.isFinite);
    if (values.length > 0) figures.add('a', `${kind}: ${name}`, { ...spread(values), ...figure });
  };
  add('ratio', (pair) => pair.ratio, {
    unit: '',
    ...(goal && { goal }),
    note: `${names[0]} to ${names[1]}, ${pairs.length} pairs of rounds`,
  });
  const work = { unit: '', note: 'what the rates would come to where nothing but the processor bounds them' };
  add('ratio by processor time of all processes', (pair) => totalMs(pair.second) / totalMs(pair.first), work);
  for (const [index, side] of ['first', 'second'].entries()) {
    add(names[index], (pair) => pair[side].perSecond, { unit: 'lifecycles/s' });
    for (const process of ['service', 'client', 'mongod'])
      add(`${names[index]}, processor time of ${process}`, (pair) => pair[side].processorMs[process], { unit: 'ms/lifecycle' });
  }
}

/** Adds resident memory: idle, and under load. @param {number} idleBytes */
export function addMemoryFigures(figures, idleBytes, pairs) {
  figures.add('e', 'resident memory idle, 5 s after the start', { unit: 'MB', value: idleBytes / megabyte });
  const samples = pairs.flatMap((pair) => pair.first.memory).map((bytes) => bytes / megabyte);
  figures.add('e', 'resident memory under the lifecycles', { unit: 'MB', ...spread(samples) });
}
