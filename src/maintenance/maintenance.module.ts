import { type DynamicModule, Inject, Module, type ModuleMetadata, type OnModuleInit, type Type } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import { EventsModule, OutboxRegistry } from '../events/index.js';
import { MetricSources, ObservabilityModule, type Readings } from '../observability/index.js';
import { WorkersModule } from '../workers/index.js';
import { DrainEstimate } from './drain-estimate.js';
import { MaintenanceGate } from './maintenance-gate.js';
import { modeOf } from './maintenance-lifecycle.js';
import { MaintenanceStatus } from './maintenance-status.js';
import { MaintenanceTask } from './maintenance.task.js';
import { MaintenanceTransitions } from './maintenance-transitions.js';
import { QuietWaits } from './quiet-waits.js';
import { MaintenanceGateModule } from './maintenance-gate.module.js';
import { MaintenanceCompatController } from './maintenance.compat.controller.js';
import { MaintenanceController } from './maintenance.controller.js';
import { eventDataOf } from './maintenance.events.js';
import { type MaintenanceDocument, maintenanceModel } from './maintenance.schema.js';
import { MaintenanceService } from './maintenance.service.js';
import { RunningJobs } from './running-jobs.js';

/** Where the answer about running jobs comes from. */
export interface RunningJobsSource {
  readonly imports: ModuleMetadata['imports'];
  /** A provider that one of the imports exports. */
  readonly reader: Type<RunningJobs>;
}

/** The maintenance switch with both of its surfaces. */
@Module({})
export class MaintenanceModule implements OnModuleInit {
  constructor(
    @InjectModel(maintenanceModel.name) private readonly model: Model<MaintenanceDocument>,
    @Inject(OutboxRegistry) private readonly outboxes: OutboxRegistry,
    private readonly metricSources: MetricSources,
    private readonly gate: MaintenanceGate,
    private readonly status: MaintenanceStatus,
  ) {}

  /** The module, with `source` answering what is still running. */
  static with(source: RunningJobsSource): DynamicModule {
    return {
      module: MaintenanceModule,
      imports: [MaintenanceGateModule, EventsModule, ObservabilityModule, WorkersModule, ...(source.imports ?? [])],
      controllers: [MaintenanceCompatController, MaintenanceController],
      providers: [
        MaintenanceService,
        MaintenanceStatus,
        MaintenanceTransitions,
        MaintenanceTask,
        DrainEstimate,
        QuietWaits,
        { provide: RunningJobs, useExisting: source.reader },
      ],
      exports: [MaintenanceGateModule],
    };
  }

  onModuleInit(): void {
    this.outboxes.register<MaintenanceDocument>({
      model: this.model,
      topic: 'maintenance',
      fields: ['number', 'on', 'reason', 'ticket', 'until', 'autoResume', 'allow'],
      subjectOf: (record) => `maintenance/${record.number}`,
      datasetOf: () => null,
      dataOf: eventDataOf,
    });
    this.metricSources.register('maintenance', () => this.readMetrics());
  }

  private async readMetrics(): Promise<Readings> {
    const current = await this.gate.current();
    const activity = await this.status.activityUnder(current);
    return { maintenance: modeOf(current.on, activity), maintenanceRemaining: { jobs: activity.runningJobs, uploads: 0 } };
  }
}
