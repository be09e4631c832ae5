import { MongoBackend } from '@agendajs/mongo-backend';
import { Agenda, InMemoryNotificationChannel } from 'agenda';
import { driverOptions } from './bench-database.mjs';
import { JobFlow } from './job-flow.mjs';
import { answerCalls } from './load-process.mjs';

const flow = new JobFlow();
const processEveryMs = 100;
/** @type {Agenda | undefined} */
let agenda;

/**
 * Starts Agenda as it is quickest in one process: it hears of new jobs in memory, and looks into the database besides. Its writes promise what ours promise.
 * @param {{ url: string, database: string, workers: number }} place
 */
async function open({ url, database, workers }) {
  const address = new URL(url);
  address.pathname = `/${database}`;
  if (address.username && !address.searchParams.has('authSource')) address.searchParams.set('authSource', 'admin');
  agenda = new Agenda({
    backend: new MongoBackend({ address: address.href, options: driverOptions }),
    notificationChannel: new InMemoryNotificationChannel(),
    processEvery: processEveryMs,
    maxConcurrency: workers,
    defaultConcurrency: workers,
  });
  agenda.define('bench', () => Promise.resolve(), { concurrency: workers });
  agenda.on('complete:bench', (job) => flow.done(job.attrs.data.name)); // its end has been stored by then
  await agenda.start();
}

/** Creates jobs, which Agenda works off. */
const run = (load) => flow.run(load, (name) => agenda.now('bench', { name }));

/** Forgets the jobs that are done, which would slow it down. */
const clear = () => agenda.cancel({ name: 'bench' });

answerCalls({ open, run, clear });
