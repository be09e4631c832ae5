export { EventsModule } from './events.module.js';
export { EventHistory, type HistoryPageRequest } from './event-history.js';
export { OutboxRegistry, type OutboxSource } from './outbox-registry.js';
export { RelayMonitor, type RelayStatus } from './relay-monitor.js';
