import { type DynamicModule, Inject, Module, type ModuleMetadata, type OnModuleInit, type Type } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import { EventsModule, OutboxRegistry } from '../events/index.js';
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
  ) {}

  /** The module, with `source` answering what is still running. */
  static with(source: RunningJobsSource): DynamicModule {
    return {
      module: MaintenanceModule,
      imports: [MaintenanceGateModule, EventsModule, ...(source.imports ?? [])],
      controllers: [MaintenanceCompatController, MaintenanceController],
      providers: [MaintenanceService, { provide: RunningJobs, useExisting: source.reader }],
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
  }
}
