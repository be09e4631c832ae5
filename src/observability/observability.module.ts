import { Global, Inject, Module, type OnModuleInit } from '@nestjs/common';
import { SETTINGS, type Settings } from '../config/settings.js';
import { diskCheck } from './health/disk-check.js';
import { HealthChecks } from './health/health-checks.js';
import { HealthController } from './health/health.controller.js';
import { Readiness } from './health/readiness.js';
import { MetricSources } from './metrics/metric-sources.js';
import { MetricsController } from './metrics/metrics.controller.js';
import { Metrics } from './metrics/metrics.js';

/** Health, metrics and the doors through which features add to them. */
@Global()
@Module({
  controllers: [HealthController, MetricsController],
  providers: [Readiness, HealthChecks, Metrics, MetricSources],
  exports: [Readiness, HealthChecks, Metrics, MetricSources],
})
export class ObservabilityModule implements OnModuleInit {
  constructor(
    private readonly checks: HealthChecks,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  onModuleInit(): void {
    this.checks.register('disk', diskCheck(this.settings.dataDir));
  }
}
