// What the routes of upcasters take and answer.
import { ApiProperty } from '@nestjs/swagger'
import { IsArray } from 'class-validator'

const STEPS = [
  {
    ...{ from: 1, to: 2 },
    ops: [
      { op: 'rename', path: '/owner', to: 'agent' },
      { op: 'default', path: '/priority', value: 3 },
    ],
  },
]

const steps = () =>
  ApiProperty({
    description:
      'From one `schemaVersion` to the next, without gaps. Each operation is a `rename` of a key, a `move` from one place to another, a `default` where nothing stands, or a `remove`; places are JSON Pointers into `data`.',
    type: 'array',
    items: { type: 'object', required: ['from', 'to', 'ops'] },
    example: STEPS,
  })

export class UpcasterBody {
  @steps()
  @IsArray()
  steps: unknown[]
}

export class UpcasterAnswer {
  @ApiProperty({ description: 'The type of the events.', example: 'task.opened' })
  type: string

  @ApiProperty({ description: 'Counted on by every change, deletions included.', example: 1, type: 'integer' })
  version: number

  @steps()
  steps: unknown[]

  @ApiProperty({ description: 'The agent that defined this version.', example: 'operator' })
  definedBy: string

  @ApiProperty({ description: 'When it was defined.', example: '2026-11-21T08:00:00.000000000Z' })
  definedAt: string
}

export class UpcasterSummary {
  @ApiProperty({ description: 'The type of the events.', example: 'task.opened' })
  type: string

  @ApiProperty({ description: 'Counted on by every change, deletions included.', example: 1, type: 'integer' })
  version: number

  @ApiProperty({ description: 'The first version it knows.', example: 1, type: 'integer' })
  from: number

  @ApiProperty({ description: 'The version it leads to.', example: 2, type: 'integer' })
  to: number
}

export class UpcastersAnswer {
  @ApiProperty({ description: 'In the order of their types.', type: [UpcasterSummary] })
  upcasters: UpcasterSummary[]
}
