// The request and the answer of the mode's route.
import { AnyObject, Decimal, OneOf, Text, TextList } from '../wire/fields.decorator.js'

export class ModeDto {
  @OneOf('The mode to force; NORMAL releases it.', { of: ['NORMAL', 'WARNING', 'EMERGENCY'], example: 'NORMAL' })
  mode: 'NORMAL' | 'WARNING' | 'EMERGENCY'

  @Text('Why, for the record.', { example: 'the disk is being moved', min: 1, max: 512 }) reason: string
}

export class ModeAnswerDto {
  @OneOf('The mode.', { of: ['NORMAL', 'WARNING', 'EMERGENCY', 'RECOVERING'], example: 'NORMAL' }) mode: string
  @Text('Since when.', { example: '2026-01-31T12:00:00.000Z' }) since: string
  @Text('The cause that weighs most; absent in NORMAL.', { optional: true, example: 'storage_space' }) cause?: string
  @Text('What is wrong, in a sentence.', { optional: true, example: 'the disk is full' }) reason?: string
  @AnyObject('What was measured, by the name of the figure.', { example: {} }) metrics: object
  @TextList('What the service does about it.', { example: [] }) mitigations: string[]
  @Text('What ends it: itself, write, operator or restart; absent in NORMAL.', { optional: true, example: 'itself' })
  recovery?: string
  @Decimal('The share of appends that is taken.', { example: 1, min: 0, max: 1 }) admitted: number
}
