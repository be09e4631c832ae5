import { ConflictError } from '../../client/index.js';
import type { Invocation } from '../invocation.js';
import { verb, type Verb } from '../verb.js';
import { type Job, jobColumns } from './job-output.js';

const jobs: readonly object[] = [
  { datasetName: 'ROAD_TRAFFIC', operation: 'ADD', tags: ['demo'] },
  { datasetName: 'RAIL_FREIGHT', operation: 'CHANGE', tags: ['demo'], priority: 'high' },
  { datasetName: 'AIR_TRAVEL', operation: 'PATCH_METADATA', tags: ['demo'] },
  { datasetName: 'FERRY_TIMES', operation: 'SET_STATUS', parameters: { releaseStatus: 'DRAFT' }, tags: ['demo'] },
  { datasetName: 'BIKE_PATHS', operation: 'REMOVE', parameters: { description: 'Replaced by CYCLE_WAYS' }, tags: ['demo'] },
];

/** A dataset that has an active job already keeps it. */
async function seed(invocation: Invocation): Promise<void> {
  const created: Job[] = [];
  for (const body of jobs) {
    try {
      created.push(await invocation.request<Job>('POST', '/api/v1/jobs', { body }));
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
  await invocation.printer.page({ items: created }, jobColumns);
  if (created.length < jobs.length) invocation.printer.note(`${jobs.length - created.length} datasets have an active job already.`);
}

/** `signalbox demo`. */
export const demoVerbs: readonly Verb[] = [
  verb({
    name: 'seed',
    summary: 'Create a few jobs with the tag demo.',
    examples: ['demo seed'],
    run: (invocation) => seed(invocation),
  }),
];
