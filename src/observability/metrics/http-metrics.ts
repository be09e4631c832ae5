import type { RequestObserver } from '../http/request-watch.js';
import { otherValue } from './bounded-label.js';
import type { Metrics } from './metrics.js';

/** Shown for requests whose client left before the answer was complete; no status of HTTP itself. */
const clientLeft = 499;

/** Measures each finished request under the pattern of its route; unknown paths share one. */
export function requestMetrics(metrics: Metrics): RequestObserver {
  return ({ request, reply, aborted, durationMs }) =>
    metrics.requestFinished({
      method: request.method,
      route: request.routeOptions.url ?? otherValue,
      status: aborted ? clientLeft : reply.statusCode,
      seconds: durationMs / 1_000,
    });
}
