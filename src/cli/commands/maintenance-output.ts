import type { components } from '../../client/index.js';
import { paintedStatus, type Paint } from '../output/paint.js';
import { ago, visible } from '../output/text.js';

/** The switch as the API shows it; the last two come with the estimate of the end. */
export type Maintenance = components['schemas']['MaintenanceDto'] & {
  readonly estimatedQuietAt?: string | null;
  readonly quietAt?: string | null;
};

/** The switch for people: its mode, who set it and why, and what still runs. */
export function maintenanceLines(state: Maintenance, paint: Paint): string[] {
  const { mode, reason, ticket, setBy, since, until, remaining, remainingJobs, estimatedQuietAt } = state;
  const facts = [since && `since ${since}`, setBy && `by ${setBy.name}`, ticket && `ticket ${ticket}`, until && `until ${until}`].filter(
    Boolean,
  );
  return [
    `${paintedStatus(mode, paint)}${reason ? `: ${visible(reason)}` : ''}`,
    ...(facts.length > 0 ? [paint.dim(visible(facts.join(', ')))] : []),
    ...(mode === 'off' ? [] : [`${remaining.jobs} running${estimatedQuietAt ? `, quiet expected at ${estimatedQuietAt}` : ''}`]),
    ...(mode === 'off'
      ? []
      : remainingJobs.map((job) =>
          visible(`  ${job.jobId}  ${job.datasetName} ${job.operation} ${job.phase ?? ''} started ${ago(job.startedAt)}`),
        )),
  ];
}
