// The shape of a request to export: what its one parameter says.
import { ApiPropertyOptional } from '@nestjs/swagger'
import { IsInt, IsOptional, Max, Min } from 'class-validator'

export class ExportParameters {
  @ApiPropertyOptional({
    description: 'Only events beyond this position: what an earlier export has not.',
    example: 1200,
    type: 'integer',
    minimum: 0,
    default: 0,
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  after?: number
}
