import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Max, MaxLength, Min, MinLength } from 'class-validator';
import { type GraphFormat, graphFormats } from './graph/graph-text.js';
import { nodeKinds, type NodeKind } from './nodes.js';
import { stepOutcomes, stepSources, type StepSource } from './steps/step.js';
import { type Direction, directions } from './steps/steps.store.js';

const maxDepth = 10;
const nullableInstant = { type: String, format: 'date-time', nullable: true } as const;
const depthMessage = { message: `depth must be a whole number of 1 to ${maxDepth}` };

/** Query of GET lineage. */
export class LineageQueryDto {
  @ApiProperty({
    example: 'dataset:ROAD_TRAFFIC@2.1',
    maxLength: 1_200,
    description:
      '`dataset:NAME` (every version), `dataset:NAME@VERSION`, `dataset:NAMESPACE#NAME@VERSION`, `file:PATH`, `run:UUID`, `trace:ID`, `job:ID`. ' +
      'In the parts of a dataset `%`, `#` and `@` are written `%25`, `%23`, `%40`.',
  })
  @MaxLength(1_200)
  @MinLength(1)
  @IsString()
  node!: string;

  @ApiProperty({ enum: directions, description: '`up`: what it was made from. `down`: what was made from it.' })
  @IsIn(directions)
  direction!: Direction;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: maxDepth, default: 1, description: 'Steps, one after the other.' })
  @Max(maxDepth, depthMessage)
  @Min(1, depthMessage)
  @IsInt(depthMessage)
  @Type(() => Number)
  depth: number = 1;

  @ApiPropertyOptional({ enum: graphFormats, description: 'Default: what `Accept` asks for, else `json`.' })
  @IsOptional()
  @IsIn(graphFormats)
  format?: GraphFormat;
}

/** A file, a dataset or a run. */
export class LineageNodeDto {
  @ApiProperty({ example: 'dataset:ROAD_TRAFFIC@2.1' })
  id!: string;

  @ApiProperty({ enum: nodeKinds })
  kind!: NodeKind;

  @ApiProperty({ description: 'Of a run: what ran.' })
  name!: string;

  @ApiProperty({ type: String, nullable: true, description: 'Null: the platform itself.' })
  namespace!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'As an event stated it.' })
  version!: string | null;

  @ApiProperty({
    enum: ['running', ...stepOutcomes],
    type: String,
    nullable: true,
    description: 'Of a run: how it stands. Else: how the newest known run stands that wrote it; null where none is known.',
  })
  status!: string | null;

  @ApiProperty({ enum: stepSources, type: String, nullable: true, description: 'Of a run: who told of it.' })
  source!: StepSource | null;

  @ApiProperty(nullableInstant)
  startedAt!: string | null;

  @ApiProperty(nullableInstant)
  endedAt!: string | null;

  @ApiProperty({ description: 'Ends of the run were reported that contradict each other; the first one counts.' })
  conflictingEnds!: boolean;

  @ApiProperty({ type: String, nullable: true })
  link!: string | null;

  @ApiProperty({ type: 'integer', description: 'Steps between it and the start.' })
  distance!: number;
}

/** What leads from one node to another. */
export class LineageEdgeDto {
  @ApiProperty()
  from!: string;

  @ApiProperty()
  to!: string;

  @ApiProperty({ enum: ['read', 'wrote', 'holds'], description: '`holds`: a version of the dataset, or a file written as part of it.' })
  kind!: string;
}

/** A part of the graph. */
export class LineageGraphDto {
  @ApiProperty()
  node!: string;

  @ApiProperty({ enum: directions })
  direction!: Direction;

  @ApiProperty({ type: 'integer' })
  depth!: number;

  @ApiProperty({ description: 'There is more than the 2,000 nodes that an answer may hold.' })
  truncated!: boolean;

  @ApiProperty({ type: [LineageNodeDto], description: 'Files and datasets, then runs; each nearest first.' })
  nodes!: LineageNodeDto[];

  @ApiProperty({ type: [LineageEdgeDto] })
  edges!: LineageEdgeDto[];
}

/** An event that is kept. */
export class KeptEventDto {
  @ApiProperty({ format: 'uuid' })
  eventId!: string;

  @ApiProperty({ description: 'An event of the same content was kept before.' })
  known!: boolean;
}

/** What became of one event of a batch. */
export class LineageBatchResultDto {
  @ApiProperty({ type: 'integer', description: 'Place in the request, from 0.' })
  index!: number;

  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  eventId!: string | null;

  @ApiProperty({ description: 'An event of the same content was kept before.' })
  known!: boolean;

  @ApiProperty({ nullable: true, allOf: [{ $ref: '#/components/schemas/Problem' }] })
  problem!: Record<string, unknown> | null;
}

/** What became of a batch. */
export class LineageBatchDto {
  @ApiProperty({ type: 'integer' })
  succeeded!: number;

  @ApiProperty({ type: 'integer' })
  failed!: number;

  @ApiProperty({ type: [LineageBatchResultDto], description: 'In the order of the request.' })
  results!: LineageBatchResultDto[];
}
