import { describe, expect, it } from '@jest/globals';
import { deployCheckOf } from './deploy-check.js';
import { modeOf, untouched } from './maintenance-lifecycle.js';
import type { MaintenanceView } from './maintenance-status.js';

const job = (n: number) => ({
  jobId: `j${n}`,
  datasetName: `D${n}`,
  operation: 'ADD',
  phase: n === 1 ? null : 'importing',
  percent: n === 1 ? null : n,
  startedAt: null,
});

function viewOf(on: boolean, running: number, more: Partial<MaintenanceView> = {}): MaintenanceView {
  const activity = { runningJobs: running, oldWorkersMayStart: false, ...more };
  const firstRunningJobs = Array.from({ length: Math.min(running, 20) }, (_, index) => job(index + 1));
  return { ...untouched, ...activity, on, mode: modeOf(on, activity), firstRunningJobs, estimatedQuietAt: null, ...more };
}

describe('deployCheckOf', () => {
  it('allows it when maintenance is quiet', () => {
    const sentence = 'You may deploy: maintenance is on and nothing is running.';
    expect(deployCheckOf(viewOf(true, 0))).toEqual({ mayDeploy: true, sentence, blockers: [] });
  });

  it('refuses while maintenance is off, whatever runs', () => {
    for (const running of [0, 3])
      expect(deployCheckOf(viewOf(false, running))).toMatchObject({
        mayDeploy: false,
        sentence: expect.stringContaining('maintenance is off'),
        blockers: [{ kind: 'maintenance', count: 1, items: [] }],
      });
  });

  it('names the first 10 jobs that run, and when they may have ended', () => {
    const check = deployCheckOf(viewOf(true, 12, { estimatedQuietAt: new Date(0) }));
    expect(check.sentence).toBe('Do not deploy yet: 12 jobs are still running, probably until 1970-01-01T00:00:00.000Z.');
    expect(check.blockers).toMatchObject([{ kind: 'job', count: 12 }]);
    expect(check.blockers[0]!.items).toHaveLength(10);
    expect(check.blockers[0]!.items.slice(0, 2)).toEqual([
      { subject: 'jobs/j1', name: 'D1', detail: 'ADD: started' },
      { subject: 'jobs/j2', name: 'D2', detail: 'ADD: importing, 2 %' },
    ]);
    expect(deployCheckOf(viewOf(true, 1)).sentence).toBe('Do not deploy yet: 1 job is still running.');
  });

  it('waits for old workers that may still start a job', () => {
    expect(deployCheckOf(viewOf(true, 0, { oldWorkersMayStart: true }))).toMatchObject({
      mayDeploy: false,
      blockers: [{ kind: 'worker', count: 1, items: [] }],
    });
  });
});
