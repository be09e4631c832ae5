import { Module, type OnModuleInit } from '@nestjs/common';
import { InjectModel, MongooseModule } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import { AuthModule } from '../auth/index.js';
import { SETTINGS, type Settings } from '../config/settings.js';
import { EventConsumers, EventsModule, OutboxRegistry } from '../events/index.js';
import { ObservabilityModule } from '../observability/index.js';
import { LineageConsumer } from './lineage-consumer.js';
import { LineageController } from './lineage.controller.js';
import { LineageService } from './lineage.service.js';
import { NodeNames } from './node-names.js';
import { type OpenLineageEventDocument, openLineageEventModel } from './openlineage/openlineage-events.schema.js';
import { OpenLineageEventsStore } from './openlineage/openlineage-events.store.js';
import { OpenLineageIntake } from './openlineage/openlineage-intake.service.js';
import { OpenLineageSender } from './sending/openlineage-sender.js';
import { stepModel } from './steps/steps.schema.js';
import { StepsStore } from './steps/steps.store.js';

/** The lineage graph, and OpenLineage in and out. */
@Module({
  imports: [MongooseModule.forFeature([stepModel, openLineageEventModel]), AuthModule, EventsModule, ObservabilityModule],
  controllers: [LineageController],
  providers: [
    LineageConsumer,
    LineageService,
    OpenLineageEventsStore,
    OpenLineageIntake,
    OpenLineageSender,
    StepsStore,
    {
      provide: NodeNames,
      useFactory: ({ openlineageNamespace }: Settings) => new NodeNames(openlineageNamespace),
      inject: [SETTINGS],
    },
  ],
})
export class LineageModule implements OnModuleInit {
  constructor(
    @InjectModel(openLineageEventModel.name) private readonly received: Model<OpenLineageEventDocument>,
    private readonly outboxes: OutboxRegistry,
    private readonly consumers: EventConsumers,
    private readonly consumer: LineageConsumer,
    private readonly sender: OpenLineageSender,
  ) {}

  onModuleInit(): void {
    this.outboxes.register<OpenLineageEventDocument>({
      model: this.received,
      topic: 'openlineage',
      fields: ['kind', 'runId', 'eventType', 'eventTime', 'jobNamespace', 'jobName'],
      subjectOf: ({ _id }) => `lineage/events/${_id}`,
      datasetOf: () => null,
      dataOf: ({ kind, runId, eventType, eventTime, jobNamespace, jobName }) => ({
        kind,
        runId,
        eventType,
        eventTime,
        job: jobName === null ? null : { namespace: jobNamespace, name: jobName },
      }),
    });
    this.consumers.register(this.consumer);
    if (this.sender.enabled) this.consumers.register(this.sender);
  }
}
