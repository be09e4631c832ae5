import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { runKillTest } from './kill-test.js';
import { KillableService } from './killable-service.js';

describe('SIGKILL at random moments under the load of 20 clients', () => {
  it('J-1, J-4, J-7: loses nothing that was acknowledged when the service is killed', async () => {
    const result = await runKillTest({ rounds: 2, victim: 'service' });
    expect(result.violations).toEqual([]);
    expect(result.acknowledgedWrites).toBeGreaterThan(100);
    expect(result.createdTraces).toBeGreaterThan(3);
  }, 120_000);

  it('J-1, J-4, J-7: loses nothing that was acknowledged when the database is killed', async () => {
    const result = await runKillTest({ rounds: 2, victim: 'database' });
    expect(result.violations).toEqual([]);
    expect(result.acknowledgedWrites).toBeGreaterThan(100);
  }, 120_000);
});

describe('readiness', () => {
  it('J-18: is 503 while the database does not answer, and 200 again after; the process counts as alive throughout', async () => {
    const victim = await KillableService.start();
    const statusOf = async (path: string) => (await victim.http.get(path)).status;
    try {
      await victim.signalDatabase('SIGSTOP');
      try {
        while ((await statusOf('/health/ready')) !== 503) await sleep(50);
        expect(await statusOf('/health/alive')).toBe(200);
        const reply = await victim.http.get('/jobs/some-id');
        expect([reply.status, Object.keys(reply.json<object>())]).toEqual([503, ['message']]);
        expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0);
      } finally {
        await victim.signalDatabase('SIGCONT');
      }
      while ((await statusOf('/health/ready')) !== 200) await sleep(50);
      expect(await statusOf('/jobs/some-id')).toBe(404);
    } finally {
      await victim.close();
    }
  }, 90_000);
});
