export type { BatchContext, EventConsumer } from './consumers/event-consumer.js';
export { EventConsumers } from './consumers/event-consumers.js';
export { EventsModule } from './events.module.js';
export { EventHistory } from './event-history.js';
export { OutboxRegistry, type OutboxSource } from './outbox-registry.js';
export { RelayMonitor } from './relay-monitor.js';
export type { StoredEvent } from './events.schema.js';
