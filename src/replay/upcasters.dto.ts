// The requests and answers of the routes of upcasters.
import { UPCASTER_OPERATIONS } from '../upcasting/check-upcaster.js'
import { AnyList, Integer, NestedList, Text } from '../wire/fields.decorator.js'

const STEPS = [
  {
    from: 1,
    to: 2,
    ops: [
      { op: 'rename', path: '/owner', to: 'agent' },
      { op: 'default', path: '/priority', value: 3 },
    ],
  },
]

const STEP = {
  type: 'object',
  required: ['from', 'to', 'ops'],
  properties: {
    from: { type: 'integer' },
    to: { type: 'integer' },
    ops: {
      type: 'array',
      items: {
        type: 'object',
        required: ['op'],
        properties: {
          op: { type: 'string', enum: [...UPCASTER_OPERATIONS] },
          path: { type: 'string' },
          from: { type: 'string' },
          to: { type: 'string' },
          value: { description: 'What `default` puts where nothing stands.' },
        },
        additionalProperties: false,
      },
    },
  },
  additionalProperties: false,
}

const Steps = AnyList(
  'From one `schemaVersion` to the next, without gaps. Each operation is a `rename` of a key, a `move` from one place to another, a `default` where nothing stands, or a `remove`; places are JSON Pointers into `data`.',
  STEP,
  { example: STEPS },
)
const EventType = Text('The type of the events.', { example: 'task.opened' })
const Version = Integer('Counted on by every change, deletions included.', { example: 1 })

export class UpcasterBody {
  @Steps steps: unknown[]
}

export class UpcasterAnswer {
  @EventType type: string
  @Version version: number
  @Steps steps: unknown[]
  @Text('The agent that defined this version.', { example: 'operator' }) definedBy: string
  @Text('When it was defined.', { example: '2026-11-21T08:00:00.000000000Z' }) definedAt: string
}

export class UpcasterSummary {
  @EventType type: string
  @Version version: number
  @Integer('The first version it knows.', { example: 1 }) from: number
  @Integer('The version it leads to.', { example: 2 }) to: number
}

export class UpcastersAnswer {
  @NestedList('In the order of their types.', UpcasterSummary) upcasters: UpcasterSummary[]
}
