import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NodeNames } from '../node-names.js';
import { RunEvents } from '../sending/run-events.js';
import { runEventTypes } from './openlineage.js';
import { OpenLineageValidator } from './openlineage-validator.js';

const validator = new OpenLineageValidator();

describe('OpenLineageValidator', () => {
  it('judges anything that is JSON, and never throws', () => {
    const keys = fc.constantFrom('run', 'job', 'dataset', 'eventTime', 'eventType', 'producer', 'schemaURL', 'inputs', 'facets');
    const likely = fc.dictionary(keys, fc.jsonValue({ maxDepth: 3 }));
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), likely), (body) => {
        const checked = validator.check(body);
        if ('errors' in checked) expect(checked.errors[0]).toMatchObject({ pointer: expect.any(String), message: expect.any(String) });
        else expect(checked.event).toBe(body);
      }),
    );
  });

  it('takes every event that we make ourselves, whatever names and texts are in it', () => {
    const events = new RunEvents(new NodeNames('signalbox'), '1.0.0+abc');
    const text = fc.string({ unit: 'binary', minLength: 1 });
    const node = fc.oneof(
      text.map((name) => `file:${name}`),
      fc.constantFrom('dataset:A', 'dataset:A@1', 'dataset:s3://b#c%23@%40'),
    );
    const news = fc.record({
      eventType: fc.constantFrom(...runEventTypes),
      at: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-12-31T23:59:59Z') }),
      runId: fc.uuid(),
      jobName: text,
      jobType: fc.constant('JOB'),
      parent: fc.option(fc.record({ runId: fc.uuid(), jobName: text })),
      error: fc.option(text),
      inputs: fc.array(node),
      outputs: fc.array(node),
      counts: fc.record({ rows: fc.option(fc.nat()), bytes: fc.option(fc.nat()), files: fc.option(fc.nat()) }),
    });
    fc.assert(fc.property(news, (each) => expect('errors' in validator.check(JSON.parse(JSON.stringify(events.of(each))))).toBe(false)));
  });
});
