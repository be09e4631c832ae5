import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { ChangeWaker } from '../database/change-waker.js';
import { LeaseModule } from '../database/lease.module.js';
import { EventHistory } from './event-history.js';
import { eventModel } from './events.schema.js';
import { EventsStore } from './events.store.js';
import { OutboxMover } from './outbox-mover.js';
import { OutboxRegistry } from './outbox-registry.js';
import { OutboxStore } from './outbox.store.js';
import { Relay, RELAY_TIMING, relayTiming } from './relay.js';
import { RelayMonitor } from './relay-monitor.js';

/** The relay, the events, and the door for features whose documents have an outbox. */
@Module({
  imports: [MongooseModule.forFeature([eventModel]), LeaseModule],
  providers: [
    ChangeWaker,
    EventHistory,
    EventsStore,
    OutboxMover,
    OutboxRegistry,
    OutboxStore,
    Relay,
    RelayMonitor,
    { provide: RELAY_TIMING, useValue: relayTiming },
  ],
  exports: [ChangeWaker, EventHistory, OutboxRegistry, RelayMonitor],
})
export class EventsModule {}
