// The requests and answers of the routes of reconciliations.
import {
  AnyObject,
  Flag,
  Integer,
  NestedList,
  OneOf,
  PositionField,
  Text,
  TextList,
} from '../../wire/fields.decorator.js'

const NOTE = '5d0c8a52-3f57-4a2c-8f6f-0a3c1d2e4b60'

export class ConflictDto {
  @Text('The name under which there were two contents.', { example: NOTE }) noteId: string
  @OneOf('Which of them counts: the later one.', { of: ['stored', 'held'], example: 'stored' }) kept: string
  @AnyObject('The event that gave way: its type, stream, data and time.', { example: {} }) loser: object
  @Flag('Whether an operator has let the loser count after all.') overridden: boolean
}

export class ReconciliationDto {
  @PositionField('Where it stands in the log.', { example: 42 }) position: number
  @Text('When.', { example: '2026-01-31T12:00:00.000000000Z' }) timestamp: string
  @Text('The stream that was compared.', { example: '$alerts' }) stream: string
  @Integer('How many events were only in memory, and were appended.', { example: 3 }) eventsRecovered: number
  @Integer('How many were stored already.', { example: 1 }) alreadyStored: number
  @NestedList('Names with two contents.', ConflictDto) conflicts: ConflictDto[]
  @TextList('Events that a later one names, and that were nowhere.', { example: [] }) lost: string[]
  @TextList('Events that do not go on from the one before them.', { example: [] }) outOfStep: string[]
}

export class ReconciliationsAnswerDto {
  @NestedList('The newest first, at most 100.', ReconciliationDto) reconciliations: ReconciliationDto[]
}

export class OverrideDto {
  @Text('The name of the conflict.', { example: NOTE, min: 1, max: 64 }) noteId: string
  @Text('Why, for the record.', { example: 'the alert was real', min: 1, max: 512 }) reason: string
}

export class OverrideAnswerDto {
  @Flag('Whether the loser counts now; false when there is no conflict of that name.') overridden: boolean
  @PositionField('Where the event that counts now stands in the log.', { optional: true, example: 43 })
  position?: number
}
