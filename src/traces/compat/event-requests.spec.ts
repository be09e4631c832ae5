import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { contentHashOf, eventFields } from '../content/trace-content.js';
import { TraceAccessDeniedError, TraceEventInvalidError } from '../traces.errors.js';
import { EventRequest } from './event-requests.js';

const requestOf = (text: string) => new EventRequest(JSON.parse(text), text);
const step = { domain: 'dataset', start_time: 's', end_time: 'e', trace_status: 'CONTINUE', trace_event_status: 'OK', component: 'c' };
const creation = { ...step, domain_id: 'ds/1' };
const stepOf = (more: object) => requestOf(JSON.stringify({ ...step, ...more })).step();

const legacyNames = {
  application: 'domain',
  application_id: 'domain_id',
  date_started: 'start_time',
  date_end: 'end_time',
  handler: 'component',
  run_status: 'trace_status',
  status: 'trace_event_status',
  s3path: 's3_path',
  body: 'status_body',
} as const;

describe('EventRequest', () => {
  it.each(Object.entries(legacyNames))('takes %s for %s', (old, present) => {
    const { [present as 'domain']: _left, ...rest } = { ...step, [present]: 'x' };
    expect(requestOf(JSON.stringify({ ...rest, [old]: 'y' })).step().content).toMatchObject({ [present]: 'y' });
  });

  it('writes what it was sent: known fields that are not null, under their present names', () => {
    const free = fc.jsonValue();
    const body = fc.record(
      Object.fromEntries(['user', 'operation', 'status_body', 'meta', 'errors', 'exception', 'foo', 'id'].map((name) => [name, free])),
      {
        requiredKeys: [],
      },
    );
    fc.assert(
      fc.property(body, (more) => {
        const { content, text } = stepOf(more);
        const expected = Object.entries({ ...step, ...more }).filter(
          ([name, value]) => (eventFields as readonly string[]).includes(name) && value !== null,
        );
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(Object.fromEntries(expected))));
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(content)));
      }),
    );
  });

  it('knows equal contents whatever the order of their keys, and different ones by any value', () => {
    const hashOf = (more: object) => contentHashOf(stepOf(more));
    const object = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(object, (meta) => {
        const turned = Object.fromEntries(Object.entries(meta).reverse());
        expect(hashOf({ meta: turned, duration: 1 })).toBe(hashOf({ duration: 1, meta }));
        expect(hashOf({ meta, duration: 2 })).not.toBe(hashOf({ meta, duration: 1 }));
      }),
    );
    expect(contentHashOf(requestOf(JSON.stringify(step).replace('}', ',"duration":1e400}')).step())).not.toBe(
      contentHashOf(requestOf(JSON.stringify(step).replace('}', ',"duration":1e401}')).step()),
    );
  });

  it('fixes the statuses of a creation', () => {
    expect(requestOf(JSON.stringify(creation)).creation().content).toMatchObject({ trace_status: 'STARTED', trace_event_status: 'OK' });
  });

  it.each([
    [
      { domain: 'dataset', domain_id: 'ds/1/x' },
      { datasetId: 'ds', datasetName: 'ds', datasetVersion: '1/x' },
    ],
    [
      { domain: 'dataset', domain_id: 'ds' },
      { datasetId: 'ds', datasetName: 'ds', datasetVersion: null },
    ],
    [
      { application: 'dataset', application_id: 'ds/1' },
      { datasetId: 'ds/1', datasetName: 'ds', datasetVersion: '1' },
    ],
    [
      { application: 'x', domain: 'dataset', domain_id: 'ds/1' },
      { datasetId: 'ds', datasetName: 'ds', datasetVersion: '1' },
    ],
  ])('finds the owner in %j', (body, owner) => {
    expect(requestOf(JSON.stringify(body)).owner()).toEqual(owner);
  });

  it.each([
    { domain: 'event', domain_id: 'ds' },
    { domain: 'dataset', application: 'x', domain_id: 'ds' },
  ])('denies an owner to %j', (body) => {
    expect(() => requestOf(JSON.stringify(body)).owner()).toThrow(TraceAccessDeniedError);
  });

  it.each(['', '/1', 'd\u0000s/1', 'ds\n', 'd\u202es', 'd\u0085s', ' ds/1', 'e\u0301', 'x'.repeat(256), 'd\ud800s'])(
    'finds no dataset in the domain_id %j',
    (domainId) => {
      expect(() => requestOf(JSON.stringify({ ...creation, domain_id: domainId })).owner()).toThrow(TraceEventInvalidError);
    },
  );

  it('answers any JSON with an event or a reason, never with another error', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        for (const read of [
          (each: EventRequest) => each.owner(),
          (each: EventRequest) => each.creation(),
          (each: EventRequest) => each.step(),
        ]) {
          try {
            read(requestOf(text));
          } catch (error) {
            expect([TraceEventInvalidError, TraceAccessDeniedError]).toContain((error as Error).constructor);
          }
        }
      }),
    );
  });
});
