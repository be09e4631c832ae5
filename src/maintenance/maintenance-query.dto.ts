import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';

/** The longest wait of one call; proxies often end one earlier. */
export const longestWaitSeconds = 300;

/** Query of GET maintenance. */
export class MaintenanceQueryDto {
  @ApiPropertyOptional({ enum: ['quiet'], description: 'Answers when maintenance is quiet.' })
  @IsOptional()
  @IsIn(['quiet'])
  wait?: 'quiet';

  @ApiPropertyOptional({ type: 'integer', minimum: 0, maximum: longestWaitSeconds, default: 30, description: 'Seconds to wait at most.' })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value))
  @Max(longestWaitSeconds)
  @Min(0)
  @IsInt()
  timeout?: number;
}
