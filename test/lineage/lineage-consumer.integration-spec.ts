import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import mongoose from 'mongoose';
import type { StoredEvent } from '../../src/events/index.js';
import { LineageConsumer } from '../../src/lineage/lineage-consumer.js';
import { NodeNames } from '../../src/lineage/node-names.js';
import type { OpenLineageEventsStore } from '../../src/lineage/openlineage/openlineage-events.store.js';
import type { StepReport } from '../../src/lineage/steps/step.js';
import { type StepDocument, stepModel } from '../../src/lineage/steps/steps.schema.js';
import { StepsStore } from '../../src/lineage/steps/steps.store.js';
import { runId, withGraph } from './graph-database.js';

beforeAll(() => Logger.overrideLogger(false));
afterAll(() => Logger.overrideLogger(['log', 'warn', 'error']));

/** The event of a received OpenLineage event, whose raw text is found under its number. */
const eventOf = (number: number): StoredEvent =>
  ({ seq: number, topic: 'openlineage', documentId: String(number), data: {} }) as unknown as StoredEvent;

const rawOf = (number: number): string =>
  JSON.stringify({
    eventType: 'COMPLETE',
    eventTime: '2026-01-01T00:00:00Z',
    run: { runId: runId(number) },
    job: { namespace: 'n', name: 'j' },
  });

const received = (texts: Readonly<Record<string, string>>): OpenLineageEventsStore =>
  ({ findRaw: async () => new Map(Object.entries(texts)) }) as unknown as OpenLineageEventsStore;

/** A store that does not take reports of one run. */
class PickySteps extends StepsStore {
  error: Error = new Error('the document would be too large');

  override async merge(reports: readonly StepReport[]): Promise<void> {
    if (reports.some((report) => report.runId === runId(2))) throw this.error;
    await super.merge(reports);
  }
}

const names = new NodeNames('signalbox');

describe('LineageConsumer', () => {
  it('passes over what it cannot read and what the database will never take, and nothing else', () =>
    withGraph(async ({ connection, stored }) => {
      const steps = new PickySteps(connection.model<StepDocument>(stepModel.name));
      const texts = { 1: rawOf(1), 2: rawOf(2), 3: '{"run"', 4: rawOf(4) };
      await new LineageConsumer(steps, received(texts), names).handle([1, 2, 3, 4, 5].map(eventOf));
      expect((await stored()).map((step) => step.runId)).toEqual([runId(1), runId(4)]);
    }));

  it.each([
    ['the database is away', new mongoose.mongo.MongoNetworkError('away')],
    ['another process was faster', Object.assign(new Error('duplicate'), { code: 11000 })],
  ])('wants the events again when %s', (_why, error) =>
    withGraph(async ({ connection }) => {
      const steps = new PickySteps(connection.model<StepDocument>(stepModel.name));
      steps.error = error;
      const handling = new LineageConsumer(steps, received({ 2: rawOf(2) }), names).handle([eventOf(2)]);
      await expect(handling).rejects.toBe(error);
    }),
  );
});
