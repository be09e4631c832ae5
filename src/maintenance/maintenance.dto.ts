import { ApiProperty } from '@nestjs/swagger';
import { type Actor, roles } from '../common/caller.js';
import { pageOf } from '../common/http/page.js';
import { type MaintenanceMode, maintenanceModes, type MaintenanceRecord, type MaintenanceSwitch } from './maintenance-lifecycle.js';
import type { MaintenanceView } from './maintenance-status.js';
import type { RunningJob } from './running-jobs.js';

/** Who set the switch. */
class SetByDto {
  @ApiProperty()
  id!: string;

  @ApiProperty()
  name!: string;
}

/** Who made a change, as in every history. */
class MaintenanceActorDto extends SetByDto {
  @ApiProperty({ enum: [...roles, 'none', 'anonymous', 'system'] })
  role!: Actor['role'];

  @ApiProperty({ type: String, nullable: true, description: 'Network address; null for the service itself.' })
  address!: string | null;
}

/** The canaries, as they are stored. */
class AllowedDto {
  @ApiProperty({ type: [String] })
  workers!: string[];

  @ApiProperty({ type: [String] })
  datasets!: string[];
}

class SwitchDto {
  @ApiProperty({ type: 'integer', description: 'Number of changes so far, and the ETag.' })
  number!: number;

  @ApiProperty()
  on!: boolean;

  @ApiProperty({ type: String, nullable: true, description: 'Kept when off.' })
  reason!: string | null;

  @ApiProperty({ type: String, nullable: true })
  ticket!: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  until!: string | null;

  @ApiProperty({ description: 'True: turns itself off at `until`.' })
  autoResume!: boolean;

  @ApiProperty({ type: AllowedDto, description: 'Who and what may pass while it is on.' })
  allow!: AllowedDto;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'Since when it is on, or off; null before the first change.',
  })
  since!: string | null;

  @ApiProperty({ type: SetByDto, nullable: true })
  setBy!: SetByDto | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'When it first became quiet since it is on.' })
  quietAt!: string | null;
}

/** A job that has to end before maintenance is quiet. */
class RunningJobDto {
  @ApiProperty({ format: 'uuid' })
  jobId!: string;

  @ApiProperty()
  datasetName!: string;

  @ApiProperty()
  operation!: string;

  @ApiProperty({ type: String, nullable: true })
  phase!: string | null;

  @ApiProperty({ type: 'number', nullable: true })
  percent!: number | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  startedAt!: string | null;
}

/** How much is still running. */
class RemainingDto {
  @ApiProperty({ type: 'integer' })
  jobs!: number;

  @ApiProperty({ type: 'integer' })
  uploads!: number;
}

/** The switch, and what it waits for. */
export class MaintenanceDto extends SwitchDto {
  @ApiProperty({
    enum: maintenanceModes,
    enumName: 'MaintenanceMode',
    description: '`draining`: on and a job is running, or an old worker may still start one; `quiet`: on and nothing is.',
  })
  mode!: MaintenanceMode;

  @ApiProperty({ type: RemainingDto })
  remaining!: RemainingDto;

  @ApiProperty({ type: [RunningJobDto], maxItems: 20, description: 'The first 20 of them.' })
  remainingJobs!: RunningJobDto[];

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When the running jobs may have ended, if each takes as long as its operation usually does; null without enough history.',
  })
  estimatedQuietAt!: string | null;
}

/** The switch as one change left it. */
export class MaintenanceChangeDto extends SwitchDto {
  @ApiProperty({ format: 'date-time' })
  at!: string;

  @ApiProperty({ type: MaintenanceActorDto })
  actor!: MaintenanceActorDto;
}

/** A page of changes, newest first. */
export class MaintenanceChangePageDto extends pageOf(MaintenanceChangeDto) {}

const instantOf = (date: Date | null): string | null => date?.toISOString() ?? null;

function switchDtoOf(state: MaintenanceSwitch): SwitchDto {
  const { number, on, reason, ticket, until, autoResume, allow, since, setBy, quietAt } = state;
  return {
    number,
    on,
    reason,
    ticket,
    until: instantOf(until),
    autoResume,
    allow: { workers: [...allow.workers], datasets: [...allow.datasets] },
    since: instantOf(since),
    setBy: setBy && { id: setBy.id, name: setBy.name },
    quietAt: instantOf(quietAt),
  };
}

function runningJobDtoOf(job: RunningJob): RunningJobDto {
  const { jobId, datasetName, operation, phase, percent, startedAt } = job;
  return { jobId, datasetName, operation, phase, percent, startedAt: instantOf(startedAt) };
}

/** What a switch waits for, as answers and conflicts show it. */
export function remainingOf(view: MaintenanceView): Pick<MaintenanceDto, 'remaining' | 'remainingJobs' | 'estimatedQuietAt'> {
  return {
    remaining: { jobs: view.runningJobs, uploads: 0 },
    remainingJobs: view.firstRunningJobs.map(runningJobDtoOf),
    estimatedQuietAt: instantOf(view.estimatedQuietAt),
  };
}

/** The switch as GET maintenance answers it. */
export const maintenanceDtoOf = (view: MaintenanceView): MaintenanceDto => ({
  mode: view.mode,
  ...switchDtoOf(view),
  ...remainingOf(view),
});

/** A record as an item of the history. */
export function changeDtoOf(record: MaintenanceRecord): MaintenanceChangeDto {
  const { id, name, role, address } = record.setBy;
  return { ...switchDtoOf(record), at: record.at.toISOString(), actor: { id, name, role, address } };
}
