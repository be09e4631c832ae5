import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compatJobOf } from '../../src/jobs/compat/compat-job.js';
import { readNewJobs } from '../../src/jobs/compat/job-requests.js';
import { keptParameters } from '../../src/jobs/job-parameters.js';
import { referenceOperations } from '../../src/common/operations.js';
import { compatStatusOf, jobPhases } from '../../src/jobs/jobs-lifecycle.js';
import { manifesto } from '../support/compat-client.js';
import { parseJobList } from '../support/strict-job-parser.js';

const texts = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('$x', '__proto__', ''));
const updates = fc.array(fc.record({ name: texts, description: texts, operation: texts, releaseStatus: texts }), { maxLength: 3 });
const manifestos = fc
  .record({ updateType: fc.option(texts), dataStructureUpdates: updates, more: texts })
  .map((more) => manifesto({}, more));

/** Every body of an item that can be sent, with more parameters than its operation keeps. */
const items = fc.record({
  operation: fc.constantFrom(...referenceOperations),
  target: fc.constant('DATASTORE'),
  releaseStatus: fc.constantFrom('DRAFT', 'PENDING_RELEASE', 'PENDING_DELETE'),
  description: texts,
  bumpManifesto: manifestos,
  bumpFromVersion: texts,
  bumpToVersion: texts,
});
const states = fc.oneof(
  fc.constantFrom('queued', 'completed', 'failed', 'cancelled').map((status) => ({ status, phase: null })),
  fc.option(fc.constantFrom(...jobPhases)).map((phase) => ({ status: 'running', phase })),
);
const dates = fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true });
const log = fc.array(fc.record({ at: dates, message: texts }), { maxLength: 3 });
const creators = fc.record({ id: texts, firstName: texts, lastName: texts });

describe('a stored job as the old workers read it', () => {
  it('passes their parser, whatever was sent to create it and whatever has happened since', () => {
    const property = fc.property(items, states, log, dates, creators, (body, state, lines, createdAt, createdBy) => {
      const [item] = readNewJobs({ jobs: [body] });
      const { operation, target: datasetName } = item!;
      const parameters = keptParameters(operation, item!);
      const stored = { _id: 'id', ...state, operation, datasetName, parameters, log: lines, createdAt, createdBy };
      const [job] = parseJobList(JSON.stringify([compatJobOf(stored as never)]));
      expect(job).toMatchObject({ jobId: 'id', status: compatStatusOf(state as never), parameters: { operation, target: datasetName } });
      expect(job!.log.map((line) => line.message)).toEqual(lines.map((line) => line.message));
    });
    fc.assert(property, { numRuns: 500 });
  });
});
