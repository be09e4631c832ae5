import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { HealthChecks, healthLimits } from './health-checks.js';
import { Readiness } from './readiness.js';

const well = async () => ({ ok: true, detail: null });
const broken = async () => ({ ok: false, detail: 'no primary' });

function startedChecks(): { checks: HealthChecks; readiness: Readiness } {
  const readiness = new Readiness();
  readiness.started();
  return { checks: new HealthChecks(readiness), readiness };
}

describe('HealthChecks', () => {
  beforeEach(() => {
    jest.useFakeTimers();
    Logger.overrideLogger(false);
  });
  afterEach(() => void jest.useRealTimers());

  it('is ready when every check is well', async () => {
    const { checks } = startedChecks();
    checks.register('database', well);
    expect(await checks.report()).toEqual({ status: 'ready', checks: [{ name: 'database', ok: true, detail: null, decides: true }] });
  });

  it('is ready when a check fails that is only shown', async () => {
    const { checks } = startedChecks();
    checks.register('relay', broken, { decides: false });
    expect(await checks.report()).toMatchObject({ status: 'ready', checks: [{ name: 'relay', ok: false, decides: false }] });
  });

  it('fails with the name and detail of a broken check', async () => {
    const { checks } = startedChecks();
    checks.register('database', well);
    checks.register('replicaSet', broken);
    expect(await checks.report()).toMatchObject({
      status: 'failing',
      checks: [{ ok: true }, { name: 'replicaSet', ok: false, detail: 'no primary' }],
    });
  });

  it('tells nothing of the error that a check throws', async () => {
    const { checks } = startedChecks();
    checks.register('database', async () => {
      throw new Error('mongodb://user:secret@db-1 refused');
    });
    expect(await checks.report()).toMatchObject({ status: 'failing', checks: [{ detail: 'the check itself failed' }] });
  });

  it('gives up on a check that does not answer', async () => {
    const { checks } = startedChecks();
    checks.register('database', () => new Promise(() => undefined));
    const report = checks.report();
    await jest.advanceTimersByTimeAsync(healthLimits.checkMs);
    expect(await report).toMatchObject({ status: 'failing', checks: [{ ok: false, detail: 'no answer within 2000 ms' }] });
  });

  it('asks once for probes at the same time and within a second, and again afterwards', async () => {
    const { checks } = startedChecks();
    let asked = 0;
    checks.register('database', async () => ({ ok: ++asked > 0, detail: null }));
    await Promise.all([checks.report(), checks.report()]);
    await checks.report();
    expect(asked).toBe(1);
    await jest.advanceTimersByTimeAsync(healthLimits.freshMs);
    await checks.report();
    expect(asked).toBe(2);
  });

  it('is not ready before the start is over', async () => {
    const readiness = new Readiness();
    const checks = new HealthChecks(readiness);
    checks.register('database', well);
    expect(await checks.report()).toMatchObject({ status: 'starting', checks: [{ ok: true }] });
    readiness.started();
    expect(await checks.report()).toMatchObject({ status: 'ready' });
  });

  it('shows nothing of the start after it, and logs nothing of it', async () => {
    const said: unknown[] = [];
    Logger.overrideLogger({
      log: (message: unknown) => void said.push(message),
      warn: (message: unknown) => void said.push(message),
      error: () => undefined,
    });
    const readiness = new Readiness();
    const checks = new HealthChecks(readiness);
    let ok = false;
    checks.register('database', async () => ({ ok, detail: null }));
    expect(await checks.report()).toMatchObject({ status: 'starting', checks: [{ ok: false }] });
    ok = true;
    readiness.started();
    expect(await checks.report()).toMatchObject({ status: 'ready' });
    expect(said).toEqual([]);
  });

  it('is not ready at once when stopping, for ever, whatever the checks say', async () => {
    const { checks, readiness } = startedChecks();
    checks.register('database', well);
    expect(await checks.report()).toMatchObject({ status: 'ready' });
    readiness.stopping();
    readiness.started();
    expect(await checks.report()).toEqual({ status: 'stopping', checks: [] });
  });

  it('is not ready when the stop begins while the checks run', async () => {
    const { checks, readiness } = startedChecks();
    checks.register('database', async () => {
      readiness.stopping();
      return { ok: true, detail: null };
    });
    expect(await checks.report()).toMatchObject({ status: 'stopping' });
  });

  it('logs that a check fails and that it is well again, once each', async () => {
    const said: unknown[] = [];
    const note = (message: unknown) => void said.push(message);
    Logger.overrideLogger({ log: note, warn: note, error: note });
    const { checks } = startedChecks();
    let ok = true;
    checks.register('database', async () => ({ ok, detail: 'no primary' }));
    for (const next of [true, false, false, true, true]) {
      ok = next;
      await checks.report();
      await jest.advanceTimersByTimeAsync(healthLimits.freshMs);
    }
    expect(said).toEqual([{ message: 'health check database fails: no primary' }, 'health check database is well again']);
  });

  it('refuses a second check of one name', () => {
    const { checks } = startedChecks();
    checks.register('database', well);
    expect(() => checks.register('database', well)).toThrow('registered twice');
  });
});
