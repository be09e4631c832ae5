import { ApiProperty } from '@nestjs/swagger';
import { pageOf } from '../common/http/page.js';
import type { ActiveJob } from '../jobs/index.js';
import type { LastOutcome } from './dataset-sources.js';
import type { DatasetView } from './datasets.service.js';
import type { Importable } from './importables/importables.service.js';

/** The importable file of a dataset. */
export class DatasetInputFileDto {
  @ApiProperty()
  isArchived!: boolean;

  @ApiProperty()
  hasMetadata!: boolean;

  @ApiProperty()
  hasData!: boolean;

  @ApiProperty({ type: 'integer', format: 'int64' })
  sizeBytes!: number;

  @ApiProperty({ format: 'date-time' })
  modifiedAt!: string;
}

/** The queued or running job of a dataset. */
export class DatasetActiveJobDto {
  @ApiProperty()
  jobId!: string;

  @ApiProperty()
  operation!: string;

  @ApiProperty({ enum: ['queued', 'running'] })
  status!: string;

  @ApiProperty({ type: String, nullable: true })
  phase!: string | null;

  @ApiProperty({ type: 'integer', minimum: 0, maximum: 100, nullable: true })
  percent!: number | null;

  @ApiProperty({ type: String, nullable: true })
  workerId!: string | null;

  @ApiProperty({ format: 'date-time' })
  createdAt!: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  startedAt!: string | null;
}

/** How the last ended job that concerned a dataset ended. */
export class DatasetOutcomeDto {
  @ApiProperty({ enum: ['completed', 'failed', 'cancelled'] })
  status!: string;

  @ApiProperty({ type: [String], description: 'Operation and its arguments, such as `RELEASED`, `2.1.0`.' })
  action!: string[];

  @ApiProperty()
  jobId!: string;

  @ApiProperty({ format: 'date-time' })
  at!: string;
}

/** All that is known of one dataset. */
export class DatasetDto {
  @ApiProperty()
  name!: string;

  @ApiProperty({ type: DatasetInputFileDto, nullable: true, description: 'Its file in the input folder, else that in the archive.' })
  inputFile!: DatasetInputFileDto | null;

  @ApiProperty({ type: DatasetActiveJobDto, nullable: true })
  activeJob!: DatasetActiveJobDto | null;

  @ApiProperty({ type: DatasetOutcomeDto, nullable: true })
  lastOutcome!: DatasetOutcomeDto | null;

  @ApiProperty({ type: String, nullable: true, description: 'The version that released it, when nothing happened to it since.' })
  version!: string | null;

  @ApiProperty({ type: [String], description: 'Why the datastore may not hold what it should, in sentences; empty when nothing says so.' })
  whyNotCurrent!: string[];
}

/** One page of datasets, by name. */
export class DatasetPageDto extends pageOf(DatasetDto) {}

/** The dataset as the API shows it. */
export function datasetDtoOf(view: DatasetView): DatasetDto {
  return {
    name: view.name,
    inputFile: view.inputFile && inputFileDtoOf(view.inputFile),
    activeJob: view.activeJob && activeJobDtoOf(view.activeJob),
    lastOutcome: view.lastOutcome && outcomeDtoOf(view.lastOutcome),
    version: view.version,
    whyNotCurrent: [...view.whyNotCurrent],
  };
}

function inputFileDtoOf({ isArchived, hasMetadata, hasData, sizeBytes, modifiedAt }: Importable): DatasetInputFileDto {
  return { isArchived, hasMetadata, hasData, sizeBytes, modifiedAt: modifiedAt.toISOString() };
}

function activeJobDtoOf(job: ActiveJob): DatasetActiveJobDto {
  const { jobId, operation, status, phase, percent, workerId, createdAt, startedAt } = job;
  const times = { createdAt: createdAt.toISOString(), startedAt: startedAt?.toISOString() ?? null };
  return { jobId, operation, status, phase, percent, workerId, ...times };
}

function outcomeDtoOf({ status, action, jobId, at }: LastOutcome): DatasetOutcomeDto {
  return { status, action: [...action], jobId, at: at.toISOString() };
}
