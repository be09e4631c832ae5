import type { mongo } from 'mongoose';
import type { Caller } from '../../src/common/caller.js';
import { DrainEstimate } from '../../src/maintenance/drain-estimate.js';
import { MaintenanceClock, MaintenanceGate, type RunningJobs } from '../../src/maintenance/index.js';
import { initialSetting, type MaintenanceSetting } from '../../src/maintenance/maintenance-lifecycle.js';
import { type MaintenanceDocument, maintenanceModel } from '../../src/maintenance/maintenance.schema.js';
import { MaintenanceStatus } from '../../src/maintenance/maintenance-status.js';
import { MaintenanceTransitions } from '../../src/maintenance/maintenance-transitions.js';
import { MaintenanceService } from '../../src/maintenance/maintenance.service.js';
import { MaintenanceStore } from '../../src/maintenance/maintenance.store.js';
import { withDatabase } from '../support/database.js';

/** Somebody who calls. */
export const callerNamed = (name: string): Caller => ({
  actor: { id: `issuer|${name}`, name, role: 'pipeline', address: '127.0.0.1' },
  requestId: `request-of-${name}`,
});
export const kari = callerNamed('kari');
/** The signal of a caller that waits for its answer. */
export const waiting = new AbortController().signal;
/** A setting that is on. */
export const on = (reason: string | null): MaintenanceSetting => ({ ...initialSetting, on: true, reason });
/** A setting that is off. */
export const off = (reason: string | null = null): MaintenanceSetting => ({ ...initialSetting, reason });

/** As many running jobs as a test says. */
export class CountedJobs implements RunningJobs {
  running = 0;
  median: number | null = null;
  countRunning = (): Promise<number> => Promise.resolve(this.running);
  medianRunSeconds = (): Promise<number | null> => Promise.resolve(this.median);
  listRunning = (limit: number) =>
    Promise.resolve(
      Array.from({ length: Math.min(limit, this.running) }, (_, index) => ({
        jobId: `job-${index}`,
        datasetName: `DATASET_${index}`,
        operation: 'ADD',
        phase: null,
        percent: null,
        startedAt: new Date(),
      })),
    );
}

/** The switch, as several replicas see it. */
export interface Parts {
  readonly replicas: MaintenanceService[];
  readonly transitions: MaintenanceTransitions[];
  readonly gate: MaintenanceGate;
  readonly jobs: CountedJobs;
  /** Workers of the original, which poll without claiming. */
  readonly oldWorkers: { polling: boolean };
  readonly clock: (stopsClocks: boolean) => MaintenanceClock;
  readonly collection: mongo.Collection<MaintenanceDocument>;
  readonly stored: () => Promise<MaintenanceDocument[]>;
}

/** The switch on an empty database; several instances stand for several replicas. */
export async function withSwitch(work: (parts: Parts) => Promise<void>): Promise<void> {
  await withDatabase(async ({ connection }) => {
    const model = connection.model<MaintenanceDocument>(maintenanceModel.name, maintenanceModel.schema);
    connection.set('sanitizeFilter', true);
    await model.createCollection();
    await model.createIndexes();
    const store = new MaintenanceStore(model as never);
    const gate = new MaintenanceGate(store);
    const jobs = new CountedJobs();
    const oldWorkers = { polling: false };
    const polls = { secondsSinceLast: () => Promise.resolve(oldWorkers.polling ? 3 : null) };
    const status = new MaintenanceStatus(store, jobs, polls as never, new DrainEstimate(jobs));
    const transitions = [1, 2, 3].map(() => new MaintenanceTransitions(store, status));
    const replicas = transitions.map((each) => new MaintenanceService(store, gate, status, each));
    const clock = (maintenanceStopsClocks: boolean) => new MaintenanceClock(store, { maintenanceStopsClocks });
    const collection = model.collection as unknown as Parts['collection'];
    await work({
      replicas,
      gate,
      jobs,
      transitions,
      oldWorkers,
      clock,
      collection,
      stored: () => model.find().sort({ number: 1 }).lean<MaintenanceDocument[]>(),
    });
  });
}

/** Numbers of records. */
export const numbersOf = (records: readonly { number: number }[]): number[] => records.map((record) => record.number);
/** 1, 2, 3, ... up to the count. */
export const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
