/** What the data-uploader sends for a dataset. */
export const uploadOf = (dataset) => ({
  domain: 'dataset',
  domain_id: `${dataset}/1`,
  component: 'data-uploader',
  operation: 'upload',
  user: 'ooo123456',
  start_time: '2026-11-22T10:00:00.123456+00:00',
  end_time: '2026-11-22T10:00:00.200000+00:00',
  s3_path: `raw/green/${dataset}/version=1/edition=1/data.csv`,
});

/** What the function wrapper sends after a step: the nth of a trace, each at another instant. */
export const stepOf = (dataset, n) => ({
  domain: 'dataset',
  domain_id: `${dataset}/1`,
  start_time: `${new Date(Date.UTC(2026, 10, 22, 11) + n).toISOString().slice(0, -1)}134+00:00`,
  end_time: '2026-11-23T11:15:15.025222+00:00',
  trace_status: 'CONTINUE',
  trace_event_status: 'OK',
  component: 'my-component',
  operation: 'copy',
  status_body: { files_incoming: ['raw/a.csv'], files_outgoing: ['processed/a.csv'] },
  meta: {
    function_name: 'fn-dev-copy',
    function_version: '$LATEST',
    function_stage: 'dev',
    function_api_id: 'abc',
    git_rev: 'main:abc123',
    git_branch: 'main',
  },
  duration: 0.025838,
});

/** Appends as lifecycles: the next event of the dataset's trace, which is made when its first event comes. */
export function appendsTo({ create, append }) {
  const traces = new Map();
  return async (dataset) => {
    let trace = traces.get(dataset);
    if (!trace) traces.set(dataset, (trace = { id: await create(dataset), events: 0 }));
    await append(trace.id, dataset, trace.events++);
  };
}
