import { say } from './progress.mjs';
import { ServiceProcess } from './service-process.mjs';
import { spread } from './statistics.mjs';

const startGoal = { below: 1_500 };

/**
 * Starts the service again and again on a database that is there.
 * @param {{ mongodbUrl: string, dataDir: string, database: string, newDatabase: string, starts: number }} run
 * @returns milliseconds from spawn to ready, and of processor time meanwhile: of the first start on an empty database, and of the others
 */
export async function measureStarts({ starts, newDatabase, ...place }) {
  const timeOne = async (database) => {
    const service = await ServiceProcess.start({ ...place, database });
    await service.stop();
    return { ms: service.startMs, processorMs: service.startProcessorMs };
  };
  const first = await timeOne(newDatabase);
  const later = [];
  for (let n = 0; n < starts; n++) later.push(await timeOne(place.database));
  say(`starts: ${later.map(({ ms }) => Math.round(ms)).join(', ')} ms`);
  return { first, later };
}

/** Adds the times of the starts. */
export function addStartFigures(figures, { first, later }) {
  const note = `${later.length} starts; MongoDB runs already`;
  figures.add('d', 'start to ready', { unit: 'ms', ...spread(later.map(({ ms }) => ms)), goal: startGoal, note });
  const processorMs = later.map((start) => start.processorMs).filter((ms) => ms !== null);
  if (processorMs.length > 0) figures.add('d', 'processor time of the service from start to ready', { unit: 'ms', ...spread(processorMs) });
  figures.add('d', 'start to ready on an empty database', { unit: 'ms', value: first.ms, note: 'makes collections and indexes' });
}
