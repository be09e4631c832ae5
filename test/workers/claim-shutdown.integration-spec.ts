import { describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { startReplicas } from './protocol-app.js';

describe('a process that stops', () => {
  it('answers waiting claims at once, and hands out nothing more', async () => {
    const replicas = await startReplicas(1);
    const waiting = replicas.one.call('POST', '/jobs/claim', { worker: { id: 'w-1' }, operations: ['ADD'], waitSeconds: 30 });
    await sleep(300);
    const before = performance.now();
    const stopped = replicas.stop();
    expect((await waiting).body).toMatchObject({ job: null, reason: 'stopping' });
    expect(performance.now() - before).toBeLessThan(5_000);
    await stopped;
  }, 60_000);
});
