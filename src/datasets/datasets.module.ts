import { type DynamicModule, Inject, Module, type ModuleMetadata, type OnModuleInit, type Type } from '@nestjs/common';
import { InjectModel, MongooseModule } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import { EventsModule, OutboxRegistry } from '../events/index.js';
import { DatasetJobs, DatasetTargets } from './dataset-sources.js';
import { DatasetsController } from './datasets.controller.js';
import { DatasetsService } from './datasets.service.js';
import { type ImportableDeletionDocument, importableDeletionModel } from './importables/importable-deletions.schema.js';
import { ImportableDeletionsService } from './importables/importable-deletions.service.js';
import { ImportableDeletionsStore } from './importables/importable-deletions.store.js';
import { ImportableDeletionsTask } from './importables/importable-deletions.task.js';
import { ImportablePages } from './importables/importable-pages.js';
import { ImportableScans } from './importables/importable-scans.js';
import { ImportablesCompatController } from './importables/importables.compat.controller.js';
import { ImportablesController } from './importables/importables.controller.js';
import { ImportablesService } from './importables/importables.service.js';
import { TarScanner } from './importables/tar-scanner.js';

/** Where the answers about jobs and targets come from. */
export interface DatasetSources {
  readonly imports: ModuleMetadata['imports'];
  /** Providers that the imports export. */
  readonly jobs: Type<DatasetJobs>;
  readonly targets: Type<DatasetTargets>;
}

/** Datasets, and importable files with both of their surfaces. */
@Module({})
export class DatasetsModule implements OnModuleInit {
  constructor(
    @InjectModel(importableDeletionModel.name) private readonly model: Model<ImportableDeletionDocument>,
    @Inject(OutboxRegistry) private readonly outboxes: OutboxRegistry,
  ) {}

  /** The module, with `sources` answering what is known of jobs and targets. */
  static with(sources: DatasetSources): DynamicModule {
    return {
      module: DatasetsModule,
      imports: [MongooseModule.forFeature([importableDeletionModel]), EventsModule, ...(sources.imports ?? [])],
      controllers: [ImportablesCompatController, ImportablesController, DatasetsController],
      providers: [
        TarScanner,
        ImportableScans,
        ImportablesService,
        ImportablePages,
        ImportableDeletionsStore,
        ImportableDeletionsService,
        ImportableDeletionsTask,
        DatasetsService,
        { provide: DatasetJobs, useExisting: sources.jobs },
        { provide: DatasetTargets, useExisting: sources.targets },
      ],
    };
  }

  onModuleInit(): void {
    this.outboxes.register<ImportableDeletionDocument>({
      model: this.model,
      topic: 'importable',
      fields: ['name', 'sizeBytes'],
      subjectOf: ({ name }) => `importables/${name}`,
      datasetOf: ({ name }) => name,
      dataOf: ({ name, sizeBytes }) => ({ datasetName: name, sizeBytes, link: `/api/v1/datasets/${name}` }),
    });
  }
}
