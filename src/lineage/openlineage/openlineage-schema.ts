import { runEventTypes, specification, specificationVersion } from './openlineage.js';

const text = { type: 'string' } as const;
const uri = { type: 'string', format: 'uri' } as const;
const uuid = { type: 'string', format: 'uuid' } as const;
const instant = { type: 'string', format: 'date-time' } as const;
const ref = (name: string) => ({ $ref: `#/$defs/${name}` });
const object = (properties: object, required: readonly string[] = []) => ({ type: 'object', properties, required: [...required] });
const extending = (base: string, properties: object, required: readonly string[] = []) => ({
  type: 'object',
  allOf: [ref(base), object(properties, required)],
});
const facets = (kind: string) => ({ type: 'object', additionalProperties: ref(kind) });
const datasets = (kind: string) => ({ type: 'array', items: ref(kind) });

/**
 * The form of events, in the terms of JSON Schema 2020-12: the same fields, types, formats and requirements as the schema that OpenLineage publishes as version
 * 2-0-2 under its Apache 2.0 licence, under the same names, so that a `schemaURL` that points into that one points at the same thing here. Written for this
 * service; it holds none of the original's text.
 * @see https://openlineage.io/spec/2-0-2/OpenLineage.json
 */
export const openLineageSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: `${specification}/${specificationVersion}/OpenLineage.json`,
  $defs: {
    BaseEvent: object({ eventTime: instant, producer: uri, schemaURL: uri }, ['eventTime', 'producer', 'schemaURL']),
    RunEvent: extending(
      'BaseEvent',
      {
        eventType: { type: 'string', enum: [...runEventTypes] },
        run: ref('Run'),
        job: ref('Job'),
        inputs: datasets('InputDataset'),
        outputs: datasets('OutputDataset'),
      },
      ['run', 'job'],
    ),
    DatasetEvent: {
      ...extending('BaseEvent', { dataset: ref('StaticDataset') }, ['dataset']),
      not: { required: ['job', 'run'] },
    },
    JobEvent: {
      ...extending('BaseEvent', { job: ref('Job'), inputs: datasets('InputDataset'), outputs: datasets('OutputDataset') }, ['job']),
      not: { required: ['run'] },
    },
    Run: object({ runId: uuid, facets: facets('RunFacet') }, ['runId']),
    Job: object({ namespace: text, name: text, facets: facets('JobFacet') }, ['namespace', 'name']),
    Dataset: object({ namespace: text, name: text, facets: facets('DatasetFacet') }, ['namespace', 'name']),
    StaticDataset: extending('Dataset', {}),
    InputDataset: extending('Dataset', { inputFacets: facets('InputDatasetFacet') }),
    OutputDataset: extending('Dataset', { outputFacets: facets('OutputDatasetFacet') }),
    BaseFacet: { ...object({ _producer: uri, _schemaURL: uri }, ['_producer', '_schemaURL']), additionalProperties: true },
    RunFacet: extending('BaseFacet', {}),
    JobFacet: extending('BaseFacet', { _deleted: { type: 'boolean' } }),
    DatasetFacet: extending('BaseFacet', { _deleted: { type: 'boolean' } }),
    InputDatasetFacet: extending('BaseFacet', {}),
    OutputDatasetFacet: extending('BaseFacet', {}),
  },
  oneOf: [ref('RunEvent'), ref('DatasetEvent'), ref('JobEvent')],
} as const;
