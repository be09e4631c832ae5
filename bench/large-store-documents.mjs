import { randomUUID } from 'node:crypto';

const secondMs = 1_000;
const betweenJobsMs = 30 * secondMs;
const betweenLinesMs = 40 * secondMs;
const datasets = 5_000;

/** A dataset with a hundredth of all jobs, for the lists of one dataset. */
export const busyDataset = 'DATASET_BUSY';

/** Kinds of jobs in a hundred, as a platform has them that mostly imports. */
const operations = [
  ...Array(40).fill('ADD'),
  ...Array(25).fill('CHANGE'),
  ...Array(20).fill('PATCH_METADATA'),
  ...Array(10).fill('SET_STATUS'),
  ...Array(2).fill('REMOVE'),
  ...Array(2).fill('DELETE_DRAFT'),
  'BUMP',
];

const manifestoOf = (n) => ({
  version: `1.${n}.0.0`,
  description: 'The changes of a month',
  releaseTime: 1_749_629_730,
  languageCode: 'no',
  updateType: 'MINOR',
  dataStructureUpdates: Array.from({ length: 10 }, (_, index) => ({
    name: datasetAt(n + index),
    description: 'New months were added',
    operation: 'CHANGE',
    releaseStatus: 'PENDING_RELEASE',
  })),
});

function parametersOf(operation, n) {
  if (operation === 'SET_STATUS') return { releaseStatus: 'PENDING_RELEASE' };
  if (operation === 'REMOVE') return { description: 'Replaced by a newer dataset' };
  if (operation === 'BUMP')
    return { description: 'Monthly release', bumpManifesto: manifestoOf(n), bumpFromVersion: '1.0.0', bumpToVersion: '1.1.0' };
  return operation === 'ADD' ? { description: 'First version of the dataset' } : {};
}

const datasetAt = (n) => `DATASET_${String(n % datasets).padStart(5, '0')}`;

/** Spreads neighbours: the same number for the same input, without a pattern of short period. */
const mixed = (n) => (Math.imul(n + 1, 2_654_435_761) >>> 0) % 1_000_003;

const operationAt = (n) => operations[mixed(n) % operations.length];

function datasetOf(n, operation) {
  if (operation === 'BUMP') return 'DATASTORE';
  return n % 100 === 7 ? busyDataset : datasetAt(mixed(n));
}

/** How a job ended: nine of ten well. */
function endOf(n) {
  const chance = mixed(n) % 50;
  if (chance >= 5) return { status: 'completed', error: null };
  if (chance === 0) return { status: 'cancelled', error: null };
  return { status: 'failed', error: { code: 'JOB.FAILED', message: 'The data do not fit the metadata' } };
}

/** Finished jobs of the past, one every half minute, made from one that the service's statements have left. */
export class FinishedJobs {
  /**
   * @param {object} template
   * @param {number} count
   */
  constructor(template, count) {
    this.template = template;
    this.count = count;
    this.firstAt = Math.floor(Date.now() / betweenJobsMs) * betweenJobsMs - count * betweenJobsMs;
  }

  /** All of them, oldest first, in arrays that several readers may share. */
  *inBatches(length) {
    for (let from = 0; from < this.count; from += length)
      yield Array.from({ length: Math.min(length, this.count - from) }, (_, index) => this.#at(from + index));
  }

  #at(n) {
    const { template } = this;
    const operation = operationAt(n);
    const createdMs = this.firstAt + n * betweenJobsMs;
    const lineAt = (index) => new Date(createdMs + (index + 1) * betweenLinesMs);
    const log = template.log.map(({ message }, index) => ({ at: lineAt(index), message }));
    const finishedAt = new Date(lineAt(log.length).getTime() + (mixed(n) % 600) * secondMs);
    const startedAt = lineAt(0);
    const { status, error } = endOf(n);
    const attempts = template.attempts.map((attempt) => ({ ...attempt, startedAt, endedAt: finishedAt, outcome: status, error }));
    const times = { rank: new Date(createdMs), createdAt: new Date(createdMs), updatedAt: finishedAt, startedAt, finishedAt };
    const what = { datasetName: datasetOf(n, operation), operation, parameters: parametersOf(operation, n) };
    return { ...template, _id: randomUUID(), ...what, status, error, ...times, attempts, log, outbox: [] };
  }
}

/** Queued jobs of the last minutes, one for each dataset, all of operations that the poll asks for. */
export function queuedJobs(template, count) {
  const asked = ['ADD', 'CHANGE', 'PATCH_METADATA'];
  return Array.from({ length: count }, (_, n) => {
    const createdAt = new Date(Date.now() - (count - n) * secondMs);
    const what = { datasetName: `QUEUED_${n}`, operation: asked[n % asked.length] };
    return { ...template, _id: randomUUID(), ...what, rank: createdAt, createdAt, updatedAt: createdAt, outbox: [] };
  });
}
