import { setTimeout as sleep } from 'node:timers/promises';

/** Asks until the answer is true. @throws Error after the time */
export async function eventually(check: () => Promise<boolean> | boolean, timeoutMs = 15_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await check())) {
    if (performance.now() > deadline) throw new Error(`not true within ${timeoutMs} ms: ${check.toString()}`);
    await sleep(10);
  }
}
