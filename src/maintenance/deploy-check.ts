import type { MaintenanceView } from './maintenance-status.js';
import type { RunningJob } from './running-jobs.js';

/** What may stand in the way of a deployment. `worker`: one that polls without claiming may still start a job. */
export const blockerKinds = ['maintenance', 'job', 'worker', 'upload', 'export', 'delivery'] as const;

/** One thing that stands in the way. */
export interface BlockerItem {
  /** Path below `/api/v1`. */
  readonly subject: string;
  readonly name: string;
  readonly detail: string;
}

/** Things of one kind that stand in the way. */
export interface Blocker {
  readonly kind: (typeof blockerKinds)[number];
  readonly count: number;
  /** The first 10 of them. */
  readonly items: readonly BlockerItem[];
}

/** The answer to "may I deploy?". */
export interface DeployCheck {
  readonly mayDeploy: boolean;
  readonly sentence: string;
  readonly blockers: readonly Blocker[];
}

const shownItems = 10;

function itemOf({ jobId, datasetName, operation, phase, percent }: RunningJob): BlockerItem {
  const progress = [phase ?? 'started', ...(percent === null ? [] : [`${percent} %`])].join(', ');
  return { subject: `jobs/${jobId}`, name: datasetName, detail: `${operation}: ${progress}` };
}

function refused(sentence: string, blocker: Blocker): DeployCheck {
  return { mayDeploy: false, sentence, blockers: [blocker] };
}

/** Whether a deployment may begin under this switch, in one sentence, with what stands in the way. */
export function deployCheckOf(view: MaintenanceView): DeployCheck {
  const { mode, runningJobs, firstRunningJobs, estimatedQuietAt } = view;
  if (mode === 'off')
    return refused('Do not deploy: maintenance is off, so a job may start at any time.', { kind: 'maintenance', count: 1, items: [] });
  if (mode === 'quiet') return { mayDeploy: true, sentence: 'You may deploy: maintenance is on and nothing is running.', blockers: [] };
  if (runningJobs === 0)
    return refused('Do not deploy yet: an old worker polled just before the pause and may still start a job; ask again in some seconds.', {
      kind: 'worker',
      count: 1,
      items: [],
    });
  const jobs = runningJobs === 1 ? '1 job is' : `${runningJobs} jobs are`;
  const end = estimatedQuietAt ? `, probably until ${estimatedQuietAt.toISOString()}` : '';
  const items = firstRunningJobs.slice(0, shownItems).map(itemOf);
  return refused(`Do not deploy yet: ${jobs} still running${end}.`, { kind: 'job', count: runningJobs, items });
}
