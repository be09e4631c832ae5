import { setTimeout as sleep } from 'node:timers/promises';
import { placeInTime } from '../dist/traces/content/trace-time.js';
import { untilRelayed, withClient } from './bench-database.mjs';
import { compare } from './lifecycles.mjs';
import { startReader } from './lists.mjs';
import { LoadProcess } from './load-process.mjs';
import { residentBytes, watchMemory } from './process-figures.mjs';
import { say } from './progress.mjs';
import { latencies, median, spread } from './statistics.mjs';
import { stepOf, uploadOf } from './trace-step.mjs';

const megabyte = 1e6;
const ratioGoal = { atLeast: 0.6 };
const growthGoal = { below: 50 };
const longTrace = 10_000;
const reads = 20;

/**
 * Appends over HTTP, and the same statements by the bare driver, by turns.
 * @param {import('./service-process.mjs').ServiceProcess} service
 * @param {{ databases: { service: string, driver: string }, mongod: { url: string, pid: number }, bearer: string }} place
 * @param {{ rounds: number, seconds: number, clients: number, warmUp: number }} options
 */
export async function measureAppends(service, { databases, mongod, bearer }, options) {
  const http = new LoadProcess(new URL('http-traces.process.mjs', import.meta.url));
  await http.call('open', { url: service.url, clients: options.clients, bearer });
  const driver = new LoadProcess(new URL('driver-traces.process.mjs', import.meta.url));
  await driver.call('open', { url: mongod.url, database: databases.driver });
  const settle = () => untilRelayed(mongod.url, databases.service, { collections: ['traceEvents'] });
  const sides = [
    {
      name: 'over HTTP',
      load: http,
      pids: { service: service.pid, client: http.pid, mongod: mongod.pid },
      servicePid: service.pid,
      settle,
    },
    {
      name: 'by the bare driver',
      load: driver,
      pids: { client: driver.pid, mongod: mongod.pid },
      servicePid: null,
      settle: () => Promise.resolve(),
    },
  ];
  return compare(sides, { ...options, warmUp: options.warmUp * 4 }); // an append is a small part of a lifecycle
}

/** NaN, which no figure shows, where processor time is not known. */
const totalMs = ({ processorMs }) => Object.values(processorMs).reduce((sum, ms) => sum + (ms ?? Number.NaN), 0);

/** Adds what the pairs of rounds came to. */
export function addAppendFigures(figures, pairs) {
  const add = (name, of, figure) => {
    const values = pairs.map(of).filter(Number.isFinite);
    if (values.length > 0) figures.add('i', `appends: ${name}`, { ...spread(values), ...figure });
  };
  add('ratio', (pair) => pair.ratio, {
    unit: '',
    goal: ratioGoal,
    note: `over HTTP to by the bare driver, ${pairs.length} pairs of rounds`,
  });
  add('ratio by processor time of all processes', (pair) => totalMs(pair.second) / totalMs(pair.first), { unit: '' });
  for (const [side, name] of [
    ['first', 'over HTTP'],
    ['second', 'by the bare driver'],
  ]) {
    // prettier-ignore
    add(name, (pair) => pair[side].perSecond, { unit: 'appends/s' });
    for (const process of ['service', 'client', 'mongod'])
      add(`${name}, processor time of ${process}`, (pair) => pair[side].processorMs[process], { unit: 'ms/append' });
  }
}

/** A trace with 10,000 events: one sent, the others copied beside it. @returns its id */
async function fillTrace(service, { database, mongod, bearer }) {
  const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' };
  const post = async (path, body) => (await fetch(`${service.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })).json();
  const { trace_id: traceId } = await post('/status-api/status', uploadOf('LONG'));
  await post(`/status-api/status/${traceId}`, stepOf('LONG', 0));
  await withClient(mongod.url, async (client) => {
    const events = client.db(database).collection('traceEvents');
    const stored = await events.findOne({ traceId, component: 'my-component' });
    const copies = Array.from({ length: longTrace - 2 }, (_, index) => {
      const content = stepOf('LONG', index + 1);
      const ids = { _id: `${traceId}:${index}`, traceEventId: `${stored.traceEventId.slice(0, -6)}${String(index).padStart(6, '0')}` };
      const startTime = content.start_time;
      return { ...stored, ...ids, outbox: [], startTime, place: placeInTime(startTime), content: JSON.stringify(content) };
    });
    await events.insertMany(copies);
  });
  return traceId;
}

/** Reads a long trace again and again, while the memory of the service is watched. */
export async function measureLongTrace(service, place) {
  const traceId = await fillTrace(service, place);
  const request = { path: `/status-api/status/${traceId}`, headers: { authorization: `Bearer ${place.bearer}` } };
  const reader = await startReader(service);
  try {
    for (let round = 0; round < 3; round++) await reader.call('read', request); // compiles what reads
    await sleep(2_000);
    const before = await residentBytes(service.pid);
    say(`reading a trace of ${longTrace} events ${reads} times`);
    const memory = watchMemory(service.pid, 50);
    const results = [];
    for (let round = 0; round < reads; round++) results.push(await reader.call('read', request));
    const samples = memory.stop();
    return { results, before, peak: Math.max(...samples), middle: median(samples) };
  } finally {
    await reader.close();
  }
}

/** Adds what the reads came to. */
export function addLongTraceFigures(figures, { results, before, peak, middle }) {
  const note = `${(before / megabyte).toFixed(0)} MB before, ${(middle / megabyte).toFixed(0)} in the middle, ${(peak / megabyte).toFixed(0)} at most`;
  figures.add('i', `growth of resident memory while ${longTrace} events stream`, {
    unit: 'MB',
    value: (peak - before) / megabyte,
    goal: growthGoal,
    note,
  });
  const { p50, max } = latencies(results.map(({ seconds }) => seconds * 1_000));
  const size = results[0].bytes / megabyte;
  figures.add('i', `read of a trace of ${longTrace} events: p50`, {
    unit: 'ms',
    value: p50,
    note: `max ${max.toFixed(0)}, ${size.toFixed(1)} MB`,
  });
  const whole = results.every((result) => result.whole && result.items === longTrace);
  figures.add('i', 'each read is one whole JSON array of all events', { unit: '', value: whole ? 1 : 0, goal: { equal: 1 } });
}
