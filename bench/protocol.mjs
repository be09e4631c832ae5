import { untilRelayed } from './bench-database.mjs';
import { compare } from './lifecycles.mjs';
import { LoadProcess } from './load-process.mjs';
import { spread } from './statistics.mjs';

const ratioGoal = { atLeast: 2 };
const workers = 32;
/** So many that no worker ever waits for a job. */
const outstanding = 4 * workers;

async function throughSignalbox(service, { mongod, database, bearer }) {
  const load = new LoadProcess(new URL('http-protocol.process.mjs', import.meta.url));
  await load.call('open', { url: service.url, connections: workers + outstanding, bearer });
  const pids = { service: service.pid, client: load.pid, mongod: mongod.pid };
  return { name: 'Signalbox', load, pids, servicePid: service.pid, settle: () => untilRelayed(mongod.url, database) };
}

async function throughAgenda({ mongod, database }) {
  const load = new LoadProcess(new URL('agenda-jobs.process.mjs', import.meta.url));
  await load.call('open', { url: mongod.url, database, workers });
  return { name: 'Agenda', load, pids: { client: load.pid, mongod: mongod.pid }, servicePid: null, settle: () => load.call('clear') };
}

/**
 * Jobs from their creation to their end, through the native protocol and through Agenda, by turns on one database server.
 * @param {import('./service-process.mjs').ServiceProcess} service
 * @param {{ mongod: { url: string, pid: number }, databases: { service: string, agenda: string }, bearer: string }} place
 * @param {{ rounds: number, seconds: number, warmUp: number }} load
 */
export async function measureProtocol(service, { mongod, databases, bearer }, load) {
  const ours = await throughSignalbox(service, { mongod, database: databases.service, bearer });
  const theirs = await throughAgenda({ mongod, database: databases.agenda });
  return compare([ours, theirs], { ...load, workers, outstanding });
}

/** Adds both rates and their ratio. */
export function addProtocolFigures(figures, pairs) {
  const of = (values) => spread(values);
  const note = `native protocol to Agenda, ${workers} workers, ${outstanding} jobs under way, ${pairs.length} pairs of rounds`;
  figures.add('g', 'jobs from creation to end: ratio', { unit: '', ...of(pairs.map(({ ratio }) => ratio)), goal: ratioGoal, note });
  for (const [side, name] of [
    ['first', 'by the native protocol'],
    ['second', 'by Agenda'],
  ]) {
    figures.add('g', name, { unit: 'jobs/s', ...of(pairs.map((pair) => pair[side].perSecond)) });
    for (const process of Object.keys(pairs[0][side].processorMs)) {
      const values = pairs.map((pair) => pair[side].processorMs[process] ?? Number.NaN).filter(Number.isFinite);
      if (values.length > 0) figures.add('g', `${name}, processor time of ${process}`, { unit: 'ms/job', ...of(values) });
    }
  }
}
