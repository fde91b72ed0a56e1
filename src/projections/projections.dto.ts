// The requests and answers of the routes of projections.
import { OmitType } from '@nestjs/swagger'
import { LIMITS } from '../contract/limits.js'
import { DEFINITION_LIMITS } from '../definitions/definition-limits.js'
import { PROJECTION_OPERATIONS } from '../folding/check-projection.js'
import { At, ReplayAnswerDto } from '../folding/replay.dto.js'
import { EventFilterDto } from '../wire/event-filter.dto.js'
import { AnyObject, AnyValue, Flag, Integer, Nested, NestedList, Text } from '../wire/fields.decorator.js'
import { KEYS_PAGE, KEYS_PAGE_MAX } from './keys-page.js'

const ON = {
  'task.opened': [
    { op: 'set', path: '/title', from: 'data.title' },
    { op: 'set', path: '/status', value: 'open' },
  ],
  'task.*': [{ op: 'increment', path: '/events', by: 1 }],
  'task.deleted': [{ op: 'remove', path: '' }],
}

const OPERATION = {
  type: 'object',
  required: ['op', 'path'],
  properties: {
    op: { type: 'string', enum: [...PROJECTION_OPERATIONS] },
    path: { type: 'string', description: 'A JSON Pointer into the state.' },
    from: { type: 'string', description: 'A path of the event.' },
    value: { description: 'A literal, instead of `from`.' },
    by: { type: 'number', description: 'A literal of `increment`, instead of `from`.' },
  },
  additionalProperties: false,
}

export class ProjectionBody {
  @Text('What it is for.', { optional: true, max: DEFINITION_LIMITS.descriptionChars }) description?: string

  @Nested('Which events; without `streams` those of all but the service’s own.', EventFilterDto, { optional: true })
  filter?: EventFilterDto

  @Text('A path of the event: one state for each value found there.', {
    optional: true,
    example: 'data.task',
    max: LIMITS.pathChars,
  })
  key?: string

  @AnyValue('Where a state begins.', { optional: true, default: {}, example: { status: 'unknown' } }) initial?: unknown

  @AnyObject(
    'By type, or glob on types: what is done to the state when such an event comes. Each operation is a `set`, `merge`, `append`, `increment` or `remove` at a `path`, a JSON Pointer into the state, with a literal `value` (`by`) or `from` a path of the event.',
    {
      additionalProperties: { type: 'array', items: OPERATION },
      example: ON,
    },
  )
  on: Record<string, unknown>

  @Flag('Keep it up to date in memory.', { optional: true, default: false }) live?: boolean
}

const Name = Text('Its name.', { example: 'tasks' })
const Version = Integer('Counted on by every change, deletions included.', { example: 1 })
const DefinedBy = Text('The agent that defined this version.', { example: 'operator' })
const DefinedAt = Text('When it was defined.', { example: '2026-11-21T08:00:00.000000000Z' })
const OneKey = Text('Of a keyed projection: only the state of this key.', { optional: true, example: 'T-17' })

export class ProjectionSummary {
  @Name name: string
  @Version version: number
  @Text('What it is for.', { optional: true }) description?: string
  @Flag('Whether it is kept up to date in memory.') live: boolean
  @DefinedBy definedBy: string
  @DefinedAt definedAt: string
}

export class ProjectionsAnswer {
  @NestedList('In the order of their names.', ProjectionSummary) projections: ProjectionSummary[]
}

export class ProjectionAnswer extends ProjectionBody {
  @Name name: string
  @Version version: number
  @DefinedBy definedBy: string
  @DefinedAt definedAt: string
}

export class ProjectionVersionParameters {
  @Integer('An older version; the one in force without it.', {
    optional: true,
    example: 1,
    min: 1,
    max: Number.MAX_SAFE_INTEGER,
  })
  version?: number
}

export class ProjectionStateParameters extends ProjectionVersionParameters {
  @OneKey key?: string
  @At at?: string
}

export class ProjectionChangesParameters {
  @OneKey key?: string
}

export class ProjectionKeysParameters extends ProjectionVersionParameters {
  @Text('Behind this key: the `next` of the page before.', { optional: true, example: 'T-17' }) after?: string
  @Integer('How many at most.', { optional: true, default: KEYS_PAGE, min: 1, max: KEYS_PAGE_MAX }) limit?: number
  @At at?: string
}

export class KeyStateAnswer {
  @Text('The key.', { example: 'T-17' }) key: string
  @AnyValue('Its state.', { example: { status: 'done' } }) state: unknown
}

export class ProjectionStateAnswer extends ReplayAnswerDto {
  @Text('The projection.', { example: 'tasks' }) projection: string
  @Version version: number
  @Text('The key that was asked for.', { optional: true, example: 'T-17' }) key?: string
  @Flag('Whether it was answered from memory, where it is kept up to date.') live: boolean

  @AnyObject('Why a live projection does not go on behind its position.', { optional: true }) problem?: object
}

export class ProjectionKeysAnswer extends OmitType(ProjectionStateAnswer, ['key', 'state'] as const) {
  @NestedList('In the order of their code units.', KeyStateAnswer) keys: KeyStateAnswer[]
  @Text('The `after` of the next page; null on the last.', { nullable: true }) next: string | null
}
