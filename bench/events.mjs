import { readFile, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { LoadProcess } from './load-process.mjs';
import { say } from './progress.mjs';
import { latencies, spread } from './statistics.mjs';

const kilobyte = 1_024;
const delayGoal = { below: 1_000 };
const settleMs = 3_000;
const memoryRounds = 3;
const clientsOfLoad = 2;

/** What a service needs so that its memory can be read: options of node and environment. */
export const memoryProbe = (file) => ({
  nodeOptions: ['--expose-gc', '--import', fileURLToPath(new URL('memory-probe.mjs', import.meta.url))],
  env: { COMPAT_AUTH: 'reference', JWT_AUTH: 'false', BENCH_MEMORY_FILE: file },
});

/** Bytes that the service holds once its garbage is collected. */
async function heldBytes(service, file) {
  await rm(file, { force: true });
  process.kill(service.pid, 'SIGUSR2');
  for (;;) {
    const text = await readFile(file, 'utf8').catch(() => '');
    if (text.endsWith('}')) return JSON.parse(text);
    await sleep(20);
  }
}

/** Memory with nobody listening and with so many idle streams, again and again. */
async function measureMemory(readers, { service, file, place, streams }) {
  const perClient = { heap: [], resident: [] };
  for (let number = 0; number <= memoryRounds; number++) {
    await sleep(settleMs);
    const before = await heldBytes(service, file);
    await readers.call('open', { ...place, count: streams });
    await sleep(settleMs);
    const during = await heldBytes(service, file);
    await readers.call('closeAll');
    if (number === 0) continue; // what the first streams need once and for all
    perClient.heap.push((during.heapUsed + during.external - before.heapUsed - before.external) / streams / kilobyte);
    perClient.resident.push((during.rss - before.rss) / streams / kilobyte);
  }
  return perClient;
}

/** How long changes take to all streams, while a few clients go on changing jobs. */
async function measureDelays(readers, { place, streams, seconds, rounds }) {
  const load = new LoadProcess(new URL('http-lifecycles.process.mjs', import.meta.url));
  const delays = [];
  try {
    await load.call('open', { url: place.url, clients: clientsOfLoad });
    await readers.call('open', { ...place, count: streams });
    let changes = 0;
    for (let number = 1; number <= rounds; number++) {
      const { lifecycles } = await load.call('run', { clients: clientsOfLoad, seconds });
      await sleep(settleMs);
      const taken = await readers.call('take');
      changes += lifecycles;
      delays.push(taken);
      say(`streams ${number}/${rounds}: ${lifecycles} jobs, ${taken.length} events arrived`);
    }
    return { delays, changes };
  } finally {
    await readers.call('closeAll');
    await load.close();
  }
}

/**
 * Live streams: what an idle one costs, and how long a change takes to all of them.
 * @param {import('./service-process.mjs').ServiceProcess} service started with `memoryProbe`
 * @param {{ file: string, bearer: string }} place the file of the probe
 * @param {{ streams: number, seconds: number, rounds: number }} load
 */
export async function measureEvents(service, { file, bearer }, { streams, seconds, rounds }) {
  const place = { url: service.url, bearer };
  const readers = new LoadProcess(new URL('http-streams.process.mjs', import.meta.url));
  try {
    const perClient = await measureMemory(readers, { service, file, place, streams });
    return { perClient, streams, ...(await measureDelays(readers, { place, streams, seconds, rounds })) };
  } finally {
    await readers.close();
  }
}

/** Adds delays and memory. */
export function addEventFigures(figures, { perClient, streams, delays, changes }) {
  const quantiles = delays.map(latencies);
  const all = delays.reduce((sum, { length }) => sum + length, 0);
  const note = `from the time of the change, ${changes} lifecycles, ${all} arrivals; the greatest ${Math.max(...quantiles.map(({ max }) => max))} ms`;
  for (const name of ['p50', 'p95', 'p99']) {
    const goal = name === 'p95' ? { goal: delayGoal } : {};
    figures.add('h', `event to ${streams} streams: ${name}`, { unit: 'ms', ...spread(quantiles.map((each) => each[name])), ...goal, note });
  }
  figures.add('h', 'memory of an idle stream, garbage collected', { unit: 'KiB', ...spread(perClient.heap), note: `${streams} streams` });
  figures.add('h', 'resident memory of an idle stream', { unit: 'KiB', ...spread(perClient.resident), note: `${streams} streams` });
}
