import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import mongoose from 'mongoose';
import { connectionOptions } from '../dist/database/connection-options.js';
import { createIndexes } from '../dist/database/indexes.js';
import { stepModel } from '../dist/lineage/steps/steps.schema.js';
import { startReader } from './lists.mjs';
import { say } from './progress.mjs';
import { latencies } from './statistics.mjs';

const walkGoal = { below: 300 };
const touchedByStep = 4;
const batchLength = 5_000;
/** Every so many steps read the file that everybody reads. */
const hubEvery = 8;
const hub = 'file:reference/codes.csv';
const warmUp = 5;

const dataset = (number) => `dataset:DATASET_${number % 5_000}@${Math.floor(number / 5_000) + 1}`;
const file = (number) => `file:raw/green/dataset-${number % 5_000}/version=${Math.floor(number / 5_000) + 1}/part-${number}.csv`;
const uuid = (number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

/** A step reads what one step wrote that came shortly before it, and a file, and writes a dataset and a file: so walks spread, and end. */
function stepOf(number) {
  const before = Math.max(0, number - 1 - ((number * 7_919) % 97));
  const at = new Date(Date.UTC(2026, 0, 1) + number * 1_000);
  return {
    runId: uuid(number),
    source: 'trace',
    name: `component-${number % 20}.step`,
    link: `/api/v1/traces/trace-${number >> 2}`,
    parents: [`trace:trace-${number >> 2}`],
    inputs: [dataset(before), number % hubEvery === 0 ? hub : file(before)],
    outputs: [dataset(number), file(number)],
    cut: false,
    startedAt: at,
    end: { at: new Date(at.getTime() + 500), outcome: number % 50 === 0 ? 'failed' : 'completed' },
    outcomes: ['completed'],
  };
}

/** Fills the graph of a database. @returns how many steps it has */
export async function fillGraph(url, { database, edges }) {
  const steps = Math.ceil(edges / touchedByStep);
  const connection = await mongoose.createConnection(url, { ...connectionOptions, dbName: database }).asPromise();
  try {
    const { collection } = connection.model(stepModel.name, stepModel.schema);
    await createIndexes(connection);
    for (let from = 0; from < steps; from += batchLength) {
      const batch = Array.from({ length: Math.min(batchLength, steps - from) }, (_, index) => stepOf(from + index));
      await collection.insertMany(batch, { ordered: false, writeConcern: { w: 1 } });
    }
    return steps;
  } finally {
    await connection.close();
  }
}

/** Walks from many places of the graph, and one answer that is cut. */
function walksFrom(steps, { headers, times }) {
  const places = Array.from({ length: 25 }, (_, index) => Math.floor(((index + 0.5) * steps) / 25));
  const each = Math.ceil(times / places.length);
  const walk = (name, node, rest) => ({ name, path: `/api/v1/lineage?node=${encodeURIComponent(node)}&${rest}`, headers, times: each });
  const fromAll = (name, nodeOf, rest) => places.map((place) => walk(`${name} #${place}`, nodeOf(place), rest));
  return [
    ...fromAll('down, 1 step', dataset, 'direction=down'),
    ...fromAll('down, 5 steps', file, 'direction=down&depth=5'),
    ...fromAll('up, 10 steps', dataset, 'direction=up&depth=10'),
    ...fromAll('a trace, 2 steps', (place) => `trace:trace-${place >> 2}`, 'direction=down&depth=2'),
    { ...walk('an answer of 2,000 nodes', hub, 'direction=down&depth=3'), times },
  ];
}

/** Asks for walks, one at a time. */
export async function measureWalks({ service, dataDir, steps, requests: times }) {
  const headers = { authorization: `Bearer ${(await readFile(join(dataDir, 'admin-token'), 'utf8')).trim()}` };
  const reader = await startReader(service);
  try {
    const requests = walksFrom(steps, { headers, times });
    await reader.call('time', { requests: requests.map((request) => ({ ...request, times: Math.min(request.times, warmUp) })) });
    say(`walking ${requests.length} ways through ${steps} steps`);
    return await reader.call('time', { requests });
  } finally {
    await reader.close();
  }
}

/** Adds one figure for each kind of walk. */
export function addWalkFigures(figures, timed, edges) {
  const byKind = new Map();
  for (const [name, { ms, bytes }] of Object.entries(timed)) {
    const kind = name.replace(/ #\d+$/, '');
    const known = byKind.get(kind) ?? { ms: [], bytes: 0 };
    byKind.set(kind, { ms: [...known.ms, ...ms], bytes: Math.max(known.bytes, bytes) });
  }
  for (const [kind, { ms, bytes }] of byKind) {
    const { p50, p95, p99, count } = latencies(ms);
    const note = `${count} walks; p50 ${p50.toFixed(1)}, p95 ${p95.toFixed(1)}; at most ${Math.round(bytes / 1_000)} kB`;
    figures.add('l', `lineage over ${edges} edges, ${kind}: p99`, { unit: 'ms', value: p99, goal: walkGoal, note });
  }
}
