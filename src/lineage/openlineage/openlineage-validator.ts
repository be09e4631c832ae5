import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { ErrorItem } from '../../common/errors/app-error.js';
import type { EventKind, OpenLineageEvent } from './openlineage.js';
import { openLineageSchema } from './openlineage-schema.js';

/** An event that fits, or the first place at which it does not. */
export type Checked = { readonly event: OpenLineageEvent } | { readonly errors: readonly ErrorItem[] };

const defsOf: Record<EventKind, string> = { run: 'RunEvent', job: 'JobEvent', dataset: 'DatasetEvent' };

/**
 * Checks events against the schema of OpenLineage. Which of the three kinds a body is meant to be is seen from what it has, so that the errors name what is wrong with
 * it, instead of saying three times why it is not something else.
 */
export class OpenLineageValidator {
  private validators: Record<EventKind, ValidateFunction> | undefined;

  /** Never throws. */
  check(body: unknown): Checked {
    const validate = this.compiled()[meantAs(body)];
    if (validate(body)) return { event: body as OpenLineageEvent };
    return { errors: (validate.errors ?? []).map(itemOf) };
  }

  /** Compiled with the first event, since it would slow the start of the service. */
  private compiled(): Record<EventKind, ValidateFunction> {
    if (this.validators) return this.validators;
    const ajv = new Ajv2020({ strict: false });
    (addFormats as unknown as (ajv: Ajv2020) => void)(ajv);
    ajv.addSchema(openLineageSchema);
    const of = (kind: EventKind): ValidateFunction => ajv.getSchema(`${openLineageSchema.$id}#/$defs/${defsOf[kind]}`)!;
    return (this.validators = { run: of('run'), job: of('job'), dataset: of('dataset') });
  }
}

function meantAs(body: unknown): EventKind {
  const has = (name: string): boolean => typeof body === 'object' && body !== null && name in body;
  if (has('run') || !(has('dataset') || has('job'))) return 'run';
  return has('dataset') && !has('job') ? 'dataset' : 'job';
}

function itemOf({ instancePath, keyword, message, params }: ErrorObject): ErrorItem {
  const missing = keyword === 'required' ? `/${String((params as { missingProperty?: unknown }).missingProperty)}` : '';
  const place = instancePath === '' ? 'the event' : instancePath;
  return { pointer: `${instancePath}${missing}`, code: keyword, message: `${place} ${message ?? 'is not as it must be'}` };
}
