import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { openLineageSchema } from '../../src/lineage/openlineage/openlineage-schema.js';
import type { RunEvent } from '../../src/lineage/openlineage/openlineage.js';

const text = { type: 'string' } as const;
const uuid = { type: 'string', format: 'uuid' } as const;
const count = { type: 'integer', minimum: 0 } as const;
const object = (properties: object, required: readonly string[]) => ({ type: 'object', properties, required });
const named = object({ namespace: text, name: text }, ['namespace', 'name']);

/** What the specification asks of the facets that are sent, beside what it asks of every facet. */
const facetSchemas: Record<string, object> = {
  ParentRunFacet: object({ run: object({ runId: uuid }, ['runId']), job: named }, ['run', 'job']),
  ErrorMessageRunFacet: object({ message: text, programmingLanguage: text, stackTrace: text }, ['message', 'programmingLanguage']),
  ProcessingEngineRunFacet: object({ version: text, name: text }, ['version']),
  JobTypeJobFacet: object({ processingType: text, integration: text, jobType: text }, ['processingType', 'integration']),
  DatasetVersionDatasetFacet: object({ datasetVersion: text }, ['datasetVersion']),
  OutputStatisticsOutputDatasetFacet: object({ rowCount: count, size: count, fileCount: count }, []),
};

const ajv = new Ajv2020({ strict: false, allErrors: true });
(addFormats as unknown as (ajv: Ajv2020) => void)(ajv);
ajv.addSchema(openLineageSchema);
const ofEvent = ajv.getSchema(openLineageSchema.$id)!;
const ofFacet = new Map(Object.entries(facetSchemas).map(([name, schema]) => [name, ajv.compile(schema)]));

type Found = Record<string, { _schemaURL: string }>;

function facetsOf({ run, job, inputs = [], outputs = [] }: RunEvent): [string, { _schemaURL: string }][] {
  const datasets = [...inputs, ...outputs].flatMap(({ facets, inputFacets, outputFacets }) => [facets, inputFacets, outputFacets]);
  return [run.facets, job.facets, ...datasets].flatMap((facets) => Object.entries((facets ?? {}) as Found));
}

/** Everything that the schemas of the specification find wrong with an event: of the whole, and of each facet by the schema that it names. */
export function faultsOf(event: RunEvent): string[] {
  const faults = ofEvent(event) ? [] : (ofEvent.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  for (const [key, facet] of facetsOf(event)) {
    const validate = ofFacet.get(facet._schemaURL.split('/').at(-1)!);
    if (!validate) faults.push(`${key} names no known schema: ${facet._schemaURL}`);
    else if (!validate(facet))
      faults.push(...(validate.errors ?? []).map(({ instancePath, message }) => `${key}${instancePath} ${message}`));
  }
  return faults;
}
