import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsBoolean, IsOptional, IsString, Length, Matches, ValidateIf, ValidateNested } from 'class-validator';
import { RequestInvalidError } from '../common/errors/request.errors.js';
import { IsDatasetName, IsInstant, IsPlainObject, readableMessage, readableText } from '../common/http/dto-rules.js';
import { allowanceOf, type MaintenanceSetting } from './maintenance-lifecycle.js';

const limits = { reason: 2_000, ticket: 255, allowed: 100, workerId: 255 } as const;

/** Who and what may pass while the switch is on. */
class AllowDto {
  @ApiPropertyOptional({ type: [String], maxItems: limits.allowed, default: [], description: 'Workers that may take any job.' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(limits.allowed)
  @Length(1, limits.workerId, { each: true })
  @Matches(readableText, { each: true, message: 'each worker must be readable text without control characters' })
  @IsString({ each: true })
  workers?: string[];

  @ApiPropertyOptional({ type: [String], maxItems: limits.allowed, default: [], description: 'Datasets whose jobs any worker may take.' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(limits.allowed)
  @IsDatasetName({ each: true })
  datasets?: string[];
}

/** Body of PUT maintenance: the whole switch; what is left out becomes null, but for the reason when off. */
export class SetMaintenanceDto {
  @ApiProperty({ description: 'True: no more jobs are handed out.' })
  @IsBoolean()
  on!: boolean;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    minLength: 1,
    maxLength: limits.reason,
    description: 'Needed when on. When off: null keeps the last reason.',
  })
  @ValidateIf((body: SetMaintenanceDto) => body.on === true || (body.reason !== undefined && body.reason !== null))
  @Matches(readableText, readableMessage)
  @Length(1, limits.reason)
  @IsString({ message: 'reason must be a string; it is needed when on' })
  reason?: string | null;

  @ApiPropertyOptional({ type: String, nullable: true, minLength: 1, maxLength: limits.ticket })
  @IsOptional()
  @Matches(readableText, readableMessage)
  @Length(1, limits.ticket)
  @IsString()
  ticket?: string | null;

  @ApiPropertyOptional({ type: String, format: 'date-time', nullable: true, description: 'When the work is expected to be over.' })
  @IsOptional()
  @IsInstant()
  until?: string | null;

  @ApiPropertyOptional({ default: false, description: 'True: the switch turns itself off at `until`, which is then needed.' })
  @IsOptional()
  @IsBoolean()
  autoResume?: boolean | null;

  @ApiPropertyOptional({ type: AllowDto, nullable: true, description: 'Canaries: who and what may pass while it is on.' })
  @IsOptional()
  @IsPlainObject()
  @ValidateNested()
  @Type(() => AllowDto)
  allow?: AllowDto | null;
}

/**
 * The setting that a body asks for.
 * @throws RequestInvalidError for an automatic end without its time
 */
export function settingOf(body: SetMaintenanceDto): MaintenanceSetting {
  const { on, reason, ticket, until, autoResume, allow } = body;
  if (autoResume === true && until == null) throw untilMissing();
  return {
    on,
    reason: reason ?? null,
    ticket: ticket ?? null,
    until: until == null ? null : new Date(until),
    autoResume: autoResume ?? false,
    allow: allowanceOf(allow?.workers ?? [], allow?.datasets ?? []),
  };
}

function untilMissing(): RequestInvalidError {
  const message = 'until is needed with autoResume';
  return new RequestInvalidError(message, [{ pointer: '/until', code: 'needed', message }]);
}
