// The requests and answers of the routes of snapshots.
import { FoldDto } from '../folding/replay.dto.js'
import {
  AnyObject,
  AnyValue,
  Flag,
  Integer,
  Nested,
  NestedList,
  OneOf,
  Text,
  TextList,
} from '../wire/fields.decorator.js'

const UNTOLD = 'null for a token that may not read all of it'
const Measure = (description: string) => Integer(`${description}; ${UNTOLD}.`, { example: 128, nullable: true })
const Position = Integer('All that matches up to here is in its state.', { example: 1200 })
const SnapshotId = Text('Its id.', { example: '5f2c9a0d1b3e47865f2c9a0d1b3e4786-0000000000001200' })

export class KeepFoldDto extends FoldDto {
  @Text('What people call it: no other fold that is kept has this name.', {
    optional: true,
    example: 'tasks',
    pattern: /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/,
    patternFault: 'must be 1 to 64 of A-Z a-z 0-9 _ . - that start with a letter or digit',
  })
  name?: string
}

export class KeptFoldAnswer {
  @Text('SHA-256 of its canonical description.', { example: '5f2c…' }) id: string
  @Text('What people call it.', { nullable: true, example: 'tasks' }) name: string | null

  @AnyObject('What is folded how, and what it was allowed to read.', {
    example: { filter: { types: ['task.*'] }, reducer: 'merge' },
  })
  fold: object

  @Text('Who asked for it first.', { example: 'operator-1' }) keptBy: string
  @Text('Since when it is kept.', { format: 'date-time' }) since: string
}

export class SnapshotAnswer {
  @SnapshotId id: string
  @Text('The id of its fold.', { example: '5f2c…' }) fold: string

  @Text(
    'Marks the upcasters that it was made with; null when there were none. While others are in force, nothing begins with it.',
    { nullable: true },
  )
  upcasting: string | null

  @Position position: number
  @Measure('How many events it is made of') events: number | null
  @Text('When it was made.', { format: 'date-time' }) createdAt: string
  @OneOf('Why it was made.', { of: ['demand', 'events', 'quiet', 'growth', 'verify', 'repair'] }) reason: string
  @Text('The one it is a difference to; null when it is full.', { nullable: true }) base: string | null
  @Measure('Of its file') bytes: number | null
  @Measure('Of its state as JSON') stateBytes: number | null
  @Text(`Of its state as JSON; ${UNTOLD}.`, { nullable: true, example: '9f86…' }) stateSha256: string | null
  @Flag('Whether it stays until that is ended.') protected: boolean
}

export class SnapshotsAnswer {
  @NestedList('What is kept, in the order in which it came.', KeptFoldAnswer) folds: KeptFoldAnswer[]
  @NestedList('Newest first.', SnapshotAnswer) snapshots: SnapshotAnswer[]
}

export class KeepFoldAnswer {
  @Nested('The fold that is kept.', KeptFoldAnswer) fold: KeptFoldAnswer

  @Nested('Of this moment; null while there is no event.', SnapshotAnswer, { nullable: true })
  snapshot: SnapshotAnswer | null
}

export class SnapshotStateAnswer {
  @SnapshotId id: string
  @Position position: number
  @Integer('How many events it is made of.', { example: 128 }) events: number
  @AnyValue('As its reducer made it.', { example: { status: 'done' } }) state: unknown
}

export class VerifiedAnswer {
  @OneOf(
    '`sound`: folding anew gives the same bytes. `wrong`: it does not. `damaged`: the file could not be used. `outdated`: the log cannot make it again.',
    { of: ['sound', 'wrong', 'damaged', 'outdated'] },
  )
  verdict: string

  @TextList('Those that were moved to quarantine.') quarantined: string[]

  @Nested('What was made in its place.', SnapshotAnswer, { nullable: true }) made: SnapshotAnswer | null
}

export class RemovedAnswer {
  @TextList('It, and those that were differences to it.') removed: string[]
}
