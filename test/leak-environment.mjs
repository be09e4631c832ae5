import { setTimeout as sleep } from 'node:timers/promises';
import { TestEnvironment } from 'jest-environment-node';

const openHandles = () => process.getActiveResourcesInfo().filter((kind) => /^(TCP|TLS|HTTP|Process)/.test(kind));

/** Fails a test file that leaves a socket, a server or a child process behind. */
export default class LeakEnvironment extends TestEnvironment {
  async setup() {
    await super.setup();
    this.openBefore = openHandles().length;
  }

  async teardown() {
    for (let waited = 0; openHandles().length > this.openBefore && waited < 1_000; waited += 50) await sleep(50);
    const left = openHandles();
    await super.teardown();
    if (left.length > this.openBefore) throw new Error(`left open after the last test: ${left.join(', ')}`);
  }
}
