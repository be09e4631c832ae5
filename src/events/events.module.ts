import { Module, type OnModuleInit } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { ChangeWaker } from '../database/change-waker.js';
import { LeaseModule } from '../database/lease.module.js';
import { MetricSources, ObservabilityModule, type Readings } from '../observability/index.js';
import { CONSUMER_TIMING, consumerTiming, EventConsumers } from './consumers/event-consumers.js';
import { positionModel } from './consumers/positions.schema.js';
import { PositionsStore } from './consumers/positions.store.js';
import { EventHistory } from './event-history.js';
import { EventsController } from './events.controller.js';
import { EventsReader } from './events.reader.js';
import { eventModel } from './events.schema.js';
import { EventsStore } from './events.store.js';
import { OutboxMover } from './outbox-mover.js';
import { OutboxRegistry } from './outbox-registry.js';
import { OutboxStore } from './outbox.store.js';
import { Relay, RELAY_TIMING, relayTiming } from './relay.js';
import { RelayMonitor } from './relay-monitor.js';
import { EventStreams, STREAM_TIMING, streamTiming } from './stream/event-streams.js';
import { LiveEvents } from './stream/live-events.js';

/** The relay, the events with their list and live stream, and the door for features whose documents have an outbox. */
@Module({
  imports: [MongooseModule.forFeature([eventModel, positionModel]), LeaseModule, ObservabilityModule],
  controllers: [EventsController],
  providers: [
    ChangeWaker,
    EventConsumers,
    EventHistory,
    EventsReader,
    EventsStore,
    EventStreams,
    LiveEvents,
    OutboxMover,
    OutboxRegistry,
    OutboxStore,
    PositionsStore,
    Relay,
    RelayMonitor,
    { provide: RELAY_TIMING, useValue: relayTiming },
    { provide: CONSUMER_TIMING, useValue: consumerTiming },
    { provide: STREAM_TIMING, useValue: streamTiming },
  ],
  exports: [ChangeWaker, EventConsumers, EventHistory, OutboxRegistry, RelayMonitor],
})
export class EventsModule implements OnModuleInit {
  constructor(
    private readonly metricSources: MetricSources,
    private readonly streams: EventStreams,
    private readonly consumers: EventConsumers,
  ) {}

  onModuleInit(): void {
    this.metricSources.register('events', () => Promise.resolve({ sseClients: this.streams.count }));
    this.metricSources.register('consumers', () => this.readConsumers());
  }

  private async readConsumers(): Promise<Readings> {
    const all = [...(await this.consumers.status())];
    return {
      consumerPending: Object.fromEntries(all.map(([name, { pending }]) => [name, pending])),
      consumerLagSeconds: Object.fromEntries(all.map(([name, { lagSeconds }]) => [name, lagSeconds])),
    };
  }
}
