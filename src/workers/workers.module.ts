import { Module, type OnModuleInit } from '@nestjs/common';
import { InjectModel, MongooseModule } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import { AuthModule } from '../auth/index.js';
import { EventsModule, OutboxRegistry } from '../events/index.js';
import { MetricSources, ObservabilityModule } from '../observability/index.js';
import { CompatPolls } from './compat-polls.js';
import { CompatPollsStore } from './compat-polls.store.js';
import { HeldWorkRegistry } from './held-work.js';
import { LostWorkers } from './lost-workers.js';
import { LostWorkersTask } from './lost-workers.task.js';
import { WorkerRegistry } from './worker-registry.js';
import { WorkersController } from './workers.controller.js';
import { compatPollModel, type WorkerDocument, workerModel } from './workers.schema.js';
import { WorkersService } from './workers.service.js';
import { WorkersStore } from './workers.store.js';

/** Who works, and on what. */
@Module({
  imports: [MongooseModule.forFeature([workerModel, compatPollModel]), AuthModule, EventsModule, ObservabilityModule],
  controllers: [WorkersController],
  providers: [WorkersStore, WorkersService, WorkerRegistry, HeldWorkRegistry, CompatPolls, CompatPollsStore, LostWorkers, LostWorkersTask],
  exports: [WorkerRegistry, HeldWorkRegistry, CompatPolls],
})
export class WorkersModule implements OnModuleInit {
  constructor(
    @InjectModel(workerModel.name) private readonly model: Model<WorkerDocument>,
    private readonly outboxes: OutboxRegistry,
    private readonly metricSources: MetricSources,
    private readonly workers: WorkersService,
  ) {}

  onModuleInit(): void {
    this.outboxes.register<WorkerDocument>({
      model: this.model,
      topic: 'worker',
      fields: ['workerId', 'workerVersion', 'operations'],
      subjectOf: (worker) => `workers/${worker.workerId}`,
      datasetOf: () => null,
      dataOf: ({ workerId, workerVersion, operations }, { to }) => ({
        status: to,
        workerId,
        version: workerVersion,
        operations: [...operations],
        link: `/api/v1/workers/${encodeURIComponent(workerId)}`,
      }),
    });
    this.metricSources.register('workers', async () => ({ workers: await this.workers.countByState() }));
  }
}
