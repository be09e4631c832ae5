import { Module, type OnModuleInit } from '@nestjs/common';
import { InjectModel, MongooseModule } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import { AuthModule } from '../auth/index.js';
import { type EventConsumer, EventConsumers, EventsModule, OutboxRegistry } from '../events/index.js';
import { JobsModule } from '../jobs/index.js';
import { TraceEventsStore } from './reading/trace-events.store.js';
import { TraceListsStore } from './reading/trace-lists.store.js';
import { TraceProjector } from './summary/trace-projector.js';
import { TraceRepair } from './summary/trace-repair.js';
import { TracesCompatController } from './traces.compat.controller.js';
import { TracesController } from './traces.controller.js';
import { traceOutbox } from './traces.events.js';
import { TracesReader } from './reading/traces.reader.js';
import { traceEventModel, type TraceEventDocument, traceModel } from './traces.schema.js';
import { TracesService } from './traces.service.js';
import { TracesStore } from './traces.store.js';

/** Repairs are rare and can wait; what the requests have done already is looked at in large batches. */
const summaries = { name: 'trace-summaries', topics: [traceOutbox.topic], batchSize: 100, restMs: 1_000 } satisfies Partial<EventConsumer>;

/** Traces with both of their surfaces. */
@Module({
  imports: [MongooseModule.forFeature([traceModel, traceEventModel]), AuthModule, EventsModule, JobsModule],
  controllers: [TracesCompatController, TracesController],
  providers: [TracesStore, TraceEventsStore, TraceListsStore, TraceProjector, TraceRepair, TracesService, TracesReader],
})
export class TracesModule implements OnModuleInit {
  constructor(
    @InjectModel(traceEventModel.name) private readonly events: Model<TraceEventDocument>,
    private readonly outboxes: OutboxRegistry,
    private readonly consumers: EventConsumers,
    private readonly repair: TraceRepair,
  ) {}

  onModuleInit(): void {
    this.outboxes.register({ ...traceOutbox, model: this.events });
    this.consumers.register({ ...summaries, handle: (events) => this.repair.handle(events) });
  }
}
