import type { NodeNames } from '../node-names.js';
import { runNode } from '../nodes.js';
import { isRunEvent, type OpenLineageDataset, type OpenLineageEvent, type RunEvent } from '../openlineage/openlineage.js';
import { type StepEnd, type StepOutcome, type StepReport, touched } from './step.js';

const outcomes: Partial<Record<string, StepOutcome>> = { COMPLETE: 'completed', FAIL: 'failed', ABORT: 'aborted' };

/** A time that an event states; null when it is none that can be computed with. */
function timeOf(text: string): Date | null {
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? null : time;
}

function endOf({ eventType, eventTime }: RunEvent): StepEnd | null {
  const outcome = outcomes[eventType ?? ''];
  const at = timeOf(eventTime);
  return outcome && at ? { at, outcome } : null;
}

/** Runs of which the run is a part, as the facet of the specification tells it. */
function parentsOf({ run }: RunEvent): string[] {
  const parent = run.facets?.['parent'] as { run?: { runId?: unknown }; root?: { run?: { runId?: unknown } } } | undefined;
  const ids = [parent?.run?.runId, parent?.root?.run?.runId];
  return ids.filter((id): id is string => typeof id === 'string' && id !== run.runId).map(runNode);
}

/** What an event of OpenLineage tells of a step; null for those that tell of no run. */
export function openLineageStep(event: OpenLineageEvent, names: NodeNames): StepReport | null {
  if (!isRunEvent(event)) return null;
  const nodes = (datasets: readonly OpenLineageDataset[] = []) => datasets.map((dataset) => names.nodeOf(dataset));
  return {
    runId: event.run.runId.toLowerCase(),
    source: 'openlineage',
    parents: parentsOf(event),
    name: `${event.job.namespace}/${event.job.name}`,
    link: null,
    ...touched(nodes(event.inputs), nodes(event.outputs)),
    startedAt: event.eventType === 'START' || event.eventType === undefined ? timeOf(event.eventTime) : null,
    end: endOf(event),
  };
}
