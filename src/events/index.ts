export { EventsModule } from './events.module.js';
export { EventHistory } from './event-history.js';
export { OutboxRegistry, type OutboxSource } from './outbox-registry.js';
export { RelayMonitor } from './relay-monitor.js';
