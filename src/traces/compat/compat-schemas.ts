const text = { type: 'string' };
const anything = {};

const stepFields = {
  domain: { ...text, description: '`dataset` when a trace is created.' },
  domain_id: { ...text, description: '`<dataset id>/<version>`; what is before the first `/` owns the new trace.' },
  start_time: { ...text, description: 'ISO 8601 by convention; decides the order.' },
  end_time: { ...text, description: 'The same, or `N/A`.' },
  component: text,
  user: anything,
  operation: anything,
  status_body: anything,
  meta: anything,
  s3_path: { ...text, minLength: 1 },
  duration: { type: 'number', description: 'Milliseconds.' },
  exception: anything,
  errors: { type: 'array', items: anything, description: '`[{"message": {"nb": "...", "en": "..."}}]`' },
};
const statusFields = {
  trace_status: { ...text, description: '`STARTED`, `CONTINUE` or `FINISHED` by convention.' },
  trace_event_status: { ...text, description: '`OK` or `FAILED` by convention.' },
};
const idFields = { trace_id: { ...text, maxLength: 80 }, trace_event_id: { ...text, format: 'uuid' } };
const legacy = 'The names of 2020 (`application`, `handler`, `run_status` and so on) are taken too; unknown fields are dropped.';

/** Body of the first POST. */
export const newTraceSchema = {
  type: 'object',
  description: legacy,
  required: ['domain', 'domain_id', 'component', 'start_time', 'end_time'],
  properties: stepFields,
};

/** Body of the further POSTs. */
export const newEventSchema = {
  type: 'object',
  description: legacy,
  required: ['domain', 'start_time', 'end_time', 'trace_status', 'trace_event_status'],
  properties: { ...stepFields, ...statusFields },
};

/** An event as it is answered: what was not sent is absent. */
export const eventSchema = {
  type: 'object',
  required: ['trace_id', 'trace_event_id', 'domain', 'start_time', 'end_time', 'component', 'trace_status', 'trace_event_status'],
  properties: { ...idFields, ...stepFields, ...statusFields },
};

/** Answer of the first POST. */
export const createdSchema = { type: 'object', required: ['trace_id'], properties: { trace_id: idFields.trace_id } };

/** Answer of `status-from-path`. */
export const foundSchema = {
  type: 'object',
  required: ['id', 'trace_id'],
  properties: { id: { ...idFields.trace_id, description: 'The same, for older clients.' }, trace_id: idFields.trace_id },
};
