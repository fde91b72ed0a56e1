// The parameters of an export.
import { PositionField } from '../wire/fields.decorator.js'

export class ExportParameters {
  @PositionField('Only events beyond this position: what an earlier export has not.', {
    optional: true,
    example: 1200,
    default: 0,
  })
  after?: number
}
