import { Module, type OnModuleInit } from '@nestjs/common';
import { InjectModel, MongooseModule } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import { AuthModule } from '../auth/index.js';
import { EventsModule, OutboxRegistry } from '../events/index.js';
import { MaintenanceGateModule } from '../maintenance/index.js';
import { MetricSources, ObservabilityModule } from '../observability/index.js';
import { ActiveWorkRegistry, TargetsModule } from '../targets/index.js';
import { WorkersModule } from '../workers/index.js';
import { CompatListsStore } from './compat/compat-lists.store.js';
import { StatusReports } from './compat/status-reports.service.js';
import { CompatCreation } from './compat/compat-creation.js';
import { BulkCreation } from './bulk/bulk-creation.js';
import { BulkController } from './bulk/bulk.controller.js';
import { BulkJobs } from './bulk/bulk-jobs.service.js';
import { ExplainedJobs } from './explanation/explained-jobs.js';
import { Explanations } from './explanation/explanations.service.js';
import { HeldJobs } from './held-jobs.js';
import { JobController } from './job.controller.js';
import { JobClock } from './job-clock.js';
import { JobConflicts } from './job-conflicts.js';
import { JobEndings } from './job-endings.js';
import { JobIdempotentCreation } from './job-idempotent-creation.js';
import { JobListsStore } from './job-lists.store.js';
import { JobMetrics } from './job-metrics.js';
import { JobPresenter } from './job-presenter.js';
import { JobRetries } from './job-retries.js';
import { JobsCompatController } from './jobs.compat.controller.js';
import { JobsController } from './jobs.controller.js';
import { jobOutbox } from './jobs.events.js';
import { JobsReader } from './jobs.reader.js';
import { completedModel, inProgressModel, type JobDocument } from './jobs.schema.js';
import { JobsService } from './jobs.service.js';
import { JobsStore } from './jobs.store.js';
import { ClaimDesk } from './protocol/claim-desk.js';
import { ClaimsService } from './protocol/claims.service.js';
import { JobRequeues } from './protocol/job-requeues.js';
import { JobRescue } from './protocol/job-rescue.js';
import { JobRescueTask } from './protocol/job-rescue.task.js';
import { LeasesService } from './protocol/leases.service.js';
import { LeasesStore } from './protocol/leases.store.js';
import { OperatorActions } from './protocol/operator-actions.service.js';
import { WorkerProtocolController } from './protocol/worker-protocol.controller.js';
import { JobWatch } from './watch/job-watch.js';
import { JobWatchStore } from './watch/job-watch.store.js';
import { JobWatchTask } from './watch/job-watch.task.js';
import { RunEstimates } from './run-estimates.js';

/** Jobs with both of their surfaces. */
@Module({
  imports: [
    MongooseModule.forFeature([inProgressModel, completedModel]),
    AuthModule,
    EventsModule,
    MaintenanceGateModule,
    ObservabilityModule,
    TargetsModule,
    WorkersModule,
  ],
  controllers: [JobsCompatController, JobsController, JobController, BulkController, WorkerProtocolController],
  providers: [
    ...[
      JobsStore,
      JobListsStore,
      CompatListsStore,
      JobsService,
      JobEndings,
      JobsReader,
      JobMetrics,
      JobIdempotentCreation,
      JobRetries,
      CompatCreation,
      StatusReports,
      ExplainedJobs,
      Explanations,
    ],
    ...[JobClock, JobConflicts, JobPresenter, RunEstimates, JobWatchStore, JobWatch, JobWatchTask],
    ...[BulkJobs, BulkCreation],
    ...[LeasesStore, ClaimDesk, ClaimsService, LeasesService, JobRequeues, OperatorActions, JobRescue, JobRescueTask, HeldJobs],
  ],
  exports: [JobsReader],
})
export class JobsModule implements OnModuleInit {
  constructor(
    @InjectModel(inProgressModel.name) private readonly inProgress: Model<JobDocument>,
    @InjectModel(completedModel.name) private readonly completed: Model<JobDocument>,
    private readonly outboxes: OutboxRegistry,
    private readonly activeWork: ActiveWorkRegistry,
    private readonly reader: JobsReader,
    private readonly metricSources: MetricSources,
    private readonly metrics: JobMetrics,
  ) {}

  onModuleInit(): void {
    this.outboxes.register({ ...jobOutbox, model: this.inProgress });
    this.outboxes.register({ ...jobOutbox, model: this.completed });
    this.activeWork.register(this.reader);
    this.metricSources.register('jobs', () => this.metrics.read());
  }
}
