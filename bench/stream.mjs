import { setTimeout as sleep } from 'node:timers/promises';
import { poll } from './list-requests.mjs';
import { startReader } from './lists.mjs';
import { residentBytes, watchMemory } from './process-figures.mjs';
import { say } from './progress.mjs';
import { latencies, median } from './statistics.mjs';

const megabyte = 1e6;
const growthGoal = { below: 100 };
const restMs = 5_000;
const askEveryMs = 25;
const asked = [
  { name: '/health/live', path: '/health/live' },
  { name: poll, path: poll },
];

/** Asks by turns while something else goes on; latencies by name. */
async function askedDuring(asker, work) {
  await asker.call('ask', { requests: asked, everyMs: askEveryMs });
  const result = await work();
  return { result, waits: await asker.call('stop') };
}

/**
 * Reads the whole list of the original's API while the service goes on answering.
 * @param {import('./service-process.mjs').ServiceProcess} service freshly started on the large store
 */
export async function measureStream(service) {
  const [reader, asker] = [await startReader(service), await startReader(service)];
  try {
    const quiet = await askedDuring(asker, () => sleep(restMs));
    const before = median(await settledMemory(service.pid));
    const memory = watchMemory(service.pid, 50);
    say('reading the whole list');
    const { result: read, waits } = await askedDuring(asker, () => reader.call('read', { path: '/jobs' }));
    const samples = memory.stop();
    await sleep(restMs);
    return { read, waits, quiet: quiet.waits, before, peak: Math.max(...samples), after: await residentBytes(service.pid) };
  } finally {
    await Promise.all([reader.close(), asker.close()]);
  }
}

async function settledMemory(pid) {
  const memory = watchMemory(pid);
  await sleep(1_000);
  return memory.stop();
}

/** Adds what the stream came to. @param {number} expected number of jobs in the store */
export function addStreamFigures(figures, { read, waits, quiet, before, peak, after }, expected) {
  const note = `${(before / megabyte).toFixed(0)} MB before, ${(peak / megabyte).toFixed(0)} at most, ${(after / megabyte).toFixed(0)} 5 s later`;
  figures.add('c', 'growth of resident memory while the whole list streams', {
    unit: 'MB',
    value: (peak - before) / megabyte,
    goal: growthGoal,
    note,
  });
  figures.add('c', 'jobs in the list', { unit: '', value: read.items, goal: { equal: expected } });
  figures.add('c', 'the list is one whole JSON array', { unit: '', value: read.whole ? 1 : 0, goal: { equal: 1 } });
  const [rate, size] = [read.items / read.seconds, read.bytes / megabyte];
  figures.add('c', 'speed of the list', { unit: 'jobs/s', value: rate, note: `${size.toFixed(0)} MB in ${read.seconds.toFixed(1)} s` });
  for (const { name } of asked) {
    const [during, alone] = [latencies(waits[name]), latencies(quiet[name])];
    const text = `p50 ${during.p50.toFixed(1)}, max ${during.max.toFixed(1)}; alone p50 ${alone.p50.toFixed(1)}, p99 ${alone.p99.toFixed(1)}`;
    figures.add('c', `GET ${name} meanwhile: p99`, { unit: 'ms', value: during.p99, note: `${during.count} answers; ${text}` });
  }
}
