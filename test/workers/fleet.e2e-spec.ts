import { describe, expect, it } from '@jest/globals';
import { runFleet } from './fleet/fleet-run.js';

describe('workers that vanish, while service, database and replica are killed', () => {
  it('never share a job, lose none, and end every one with a reason', async () => {
    const size = { workers: 100, jobs: 400, vanishPercent: 5, kills: 3, leaseSeconds: 5, limitMinutes: 6 };
    const result = await runFleet(size);
    expect(result).toMatchObject({ doubleLeases: [], lostJobs: [], others: [], createdJobs: size.jobs });
    expect(Object.keys(result.failedBecause)).not.toContain('no reason');
    expect(result.completedJobs).toBeGreaterThan(size.jobs / 2);
    expect(result.vanished).toBeGreaterThan(0);
    expect(result.killed).toEqual(['service', 'database', 'replica']);
  }, 420_000);
});
