import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compatStatuses } from '../../src/jobs/jobs-lifecycle.js';
import { freshTarget } from '../support/compat-client.js';
import { freshDatabaseName } from '../support/database.js';
import { commands } from './lifecycle-commands.js';
import { JobsModel, report } from './lifecycle-model.js';
import { answerOf, LifecycleSystem } from './lifecycle-system.js';

describe('the life of a job', () => {
  let system: LifecycleSystem;
  let dataDir: string;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'signalbox-lifecycle-'));
    system = await LifecycleSystem.start(freshDatabaseName(), dataDir);
  }, 60_000);
  afterAll(async () => {
    await system.stop();
    await rm(dataDir, { recursive: true, force: true });
  }, 60_000);

  it('gives only answers and documents that the model allows, whatever the order of the calls', async () => {
    let prefix = '';
    const setup = () => {
      prefix = freshTarget();
      return { model: new JobsModel(), real: system };
    };
    const property = fc.asyncProperty(
      commands(() => prefix),
      (sequence) => fc.asyncModelRun(setup, sequence),
    );
    await fc.assert(property, { numRuns: 60, interruptAfterTimeLimit: 15_000, endOnFailure: true });
  }, 120_000);

  it('keeps the newest 20 attempts of a job that is given back again and again', async () => {
    const model = new JobsModel();
    const job = model.create(freshTarget());
    job.id = (await system.create(job.dataset))!;
    for (let round = 0; round < 23; round++) {
      for (const status of ['initiated', 'queued'] as const) {
        expect(await system.reports.take(job.id, { status }, system.caller)).toBe(report(job, { status }));
      }
    }
    await system.expectAgreement(model);
  }, 60_000);

  it.each(compatStatuses)(
    'answers every report after one of %s as the model does',
    async (first) => {
      const model = new JobsModel();
      for (const second of compatStatuses) {
        const job = model.create(freshTarget());
        job.id = (await system.create(job.dataset))!;
        for (const status of [first, second])
          expect(await system.reports.take(job.id, { status }, system.caller)).toBe(report(job, { status }));
      }
      await system.expectAgreement(model);
    },
    60_000,
  );

  it('takes log lines alone for no change: the version stays and no event is made', async () => {
    const model = new JobsModel();
    const job = model.create(freshTarget());
    job.id = (await system.create(job.dataset))!;
    await system.reports.take(job.id, { log: 'only a line' }, system.caller);
    report(job, { log: 'only a line' });
    expect(job.version).toBe(1);
    await system.expectAgreement(model);
  }, 60_000);

  it('knows no job under an id that it never gave', async () => {
    const unknown = '00000000-0000-4000-8000-000000000000';
    expect(await system.reports.take(unknown, { status: 'completed' }, system.caller)).toBe('notFound');
    expect(await system.reports.take(unknown, { log: 'x' }, system.caller)).toBe('notFound');
    expect(await answerOf(system.jobs.edit(unknown, { edit: { priority: 'low' }, expected: undefined }, system.caller))).toBe('notFound');
    expect(await answerOf(system.jobs.cancel(unknown, { reason: 'x', force: true, expected: 4 }, system.caller))).toBe('notFound');
  }, 30_000);
});
