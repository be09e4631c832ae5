import { randomUUID } from 'node:crypto';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import mongoose from 'mongoose';
import { startDatabase } from './bench-database.mjs';
import { watchMemory } from './process-figures.mjs';

/**
 * Measures `signalbox import jobs-db`: fills the database of an original with finished jobs, takes it over twice, and tells how long each run took and how much
 * memory it held. Run it with `npm run bench:moving-in -- --jobs 200000`.
 */
const { values } = parseArgs({ options: { jobs: { type: 'string', default: '200000' } } });
const jobs = Number(values.jobs);
const batch = 5_000;
const datasets = 4_000;
const steps = ['initiated', 'validating', 'transforming', 'pseudonymizing', 'partitioning', 'importing', 'completed'];
const user = { userId: 'u-17', firstName: 'Kari', lastName: 'Lie' };

/** A finished job as the original leaves it, with the log of seven steps. */
function finishedJob(index) {
  const createdAt = new Date(Date.UTC(2020, 0, 1) + index * 60_000);
  const log = steps.map((step, place) => ({ at: new Date(createdAt.getTime() + place * 5_000), message: `Set status: ${step}` }));
  const target = `DATASET_${index % datasets}`;
  const naive = createdAt.toISOString().replace('Z', '000');
  return { jobId: randomUUID(), status: 'completed', parameters: { operation: 'ADD', target }, log, createdAt: naive, createdBy: user };
}

async function fill(url) {
  const client = await new mongoose.mongo.MongoClient(url).connect();
  for (let from = 0; from < jobs; from += batch) {
    const documents = Array.from({ length: Math.min(batch, jobs - from) }, (_, index) => finishedJob(from + index));
    await client.db('jobDB').collection('completed').insertMany(documents, { ordered: false });
  }
  await client.close();
}

/** Runs the command as people do, and looks at its memory until it ends. */
function runImport(url) {
  const words = ['import', 'jobs-db', '--from', url, '--to', url, '--json', '--quiet'];
  const env = { ...process.env, MONGODB_DATABASE: 'signalbox' };
  const begun = performance.now();
  const child = spawn(process.execPath, ['dist/cli/signalbox.js', ...words], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const memory = watchMemory(child.pid);
  let out = '';
  child.stdout.on('data', (chunk) => (out += chunk));
  return new Promise((resolve) =>
    child.once('close', (code) => {
      resolve({ code, seconds: (performance.now() - begun) / 1_000, samples: memory.stop(), counts: JSON.parse(out).jobs });
    }),
  );
}

const mebibytes = (bytes) => Math.round(bytes / 1_048_576);

function tell(what, { code, seconds, samples, counts }) {
  const quarters = [0, 1, 2, 3].map((n) => samples.slice((n * samples.length) / 4, ((n + 1) * samples.length) / 4));
  const memory = `at most ${quarters.map((quarter) => mebibytes(Math.max(...quarter))).join(', ')} MiB in its quarters`;
  console.log(`${what}: ${seconds.toFixed(1)} s, ${Math.round(jobs / seconds)} jobs/s, exit ${code}; ${memory}; ${JSON.stringify(counts)}`);
}

const dataDir = await mkdtemp(join(tmpdir(), 'signalbox-moving-in-'));
const database = await startDatabase(dataDir, new AbortController().signal);
try {
  await fill(database.url);
  tell('first import', await runImport(database.url));
  tell('repeated', await runImport(database.url));
} finally {
  await database.close();
  await rm(dataDir, { recursive: true, force: true });
}
