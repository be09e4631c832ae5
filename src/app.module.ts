import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import { ApiDocsModule } from './api-docs/index.js';
import { AppChecks } from './app-checks.js';
import { AppMetrics } from './app-metrics.js';
import { AuthModule } from './auth/index.js';
import { ERROR_TRANSLATORS, ErrorFilter } from './common/http/error.filter.js';
import { UnknownQueryGuard } from './common/http/unknown-query.js';
import { createValidationPipe } from './common/http/validation.js';
import { ConfigModule } from './config/config.module.js';
import type { Settings } from './config/settings.js';
import { DatabaseModule } from './database/database.module.js';
import { translateMongoError } from './database/mongo-errors.js';
import { DatasetsModule } from './datasets/index.js';
import { EventsModule } from './events/index.js';
import { JobsModule, JobsReader } from './jobs/index.js';
import { LineageModule } from './lineage/index.js';
import { MaintenanceModule } from './maintenance/index.js';
import { ObservabilityModule } from './observability/index.js';
import { TargetsModule, TargetsReader } from './targets/index.js';
import { TracesModule } from './traces/index.js';
import { WorkersModule } from './workers/index.js';

/** Wires the features together. */
@Module({})
export class AppModule {
  /** @param databaseUrl address of the replica set, credentials included */
  static with(settings: Settings, databaseUrl: string): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.with(settings),
        DatabaseModule.at(databaseUrl),
        ObservabilityModule,
        AuthModule,
        EventsModule,
        TargetsModule,
        WorkersModule,
        JobsModule,
        MaintenanceModule.with({ imports: [JobsModule], reader: JobsReader }),
        DatasetsModule.with({ imports: [JobsModule, TargetsModule], jobs: JobsReader, targets: TargetsReader }),
        TracesModule,
        LineageModule,
        ApiDocsModule,
      ],
      providers: [
        AppChecks,
        AppMetrics,
        ErrorFilter,
        { provide: ERROR_TRANSLATORS, useValue: [translateMongoError] },
        { provide: APP_FILTER, useExisting: ErrorFilter },
        { provide: APP_GUARD, useClass: UnknownQueryGuard },
        { provide: APP_PIPE, useFactory: createValidationPipe },
      ],
    };
  }
}
