import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { watchRequests } from './http/request-watch.js';
import { requestLog } from './logs/request-log.js';
import { requestMetrics } from './metrics/http-metrics.js';
import { Metrics } from './metrics/metrics.js';

/**
 * Gives every request of the application its ids, its log line and its measurement. Call it before any other hook is added and before `app.init()`.
 */
export function installObservability(app: NestFastifyApplication): void {
  watchRequests(app.getHttpAdapter().getInstance(), [requestLog(({ principal }) => principal?.id), requestMetrics(app.get(Metrics))]);
}
