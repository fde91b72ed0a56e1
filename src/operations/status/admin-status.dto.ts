// The answer of `GET /v1/admin/status`.
import { Flag, Integer, Nested, NestedList, OneOf, Text, TextList } from '../../wire/fields.decorator.js'

const ID = { example: '4f1d8a0c6b2e47d59a3c1e7f5b8d2046' }

export class AncestorDto {
  @Text('A lineage that the log went on from.', ID) id: string
  @Integer('The last position in common with it.', { example: 1200, min: 0 }) fork: number
}

export class LineageDto {
  @Text('Which log it is.', ID) id: string
  @Text('When the lineage began.', { format: 'date-time', example: '2026-01-31T12:00:00.000Z' }) since: string
  @NestedList('Those before it, the youngest first; a restore adds one.', AncestorDto) ancestors: readonly AncestorDto[]
}

export class QuorumDto {
  @Integer('How many nodes the log has.', { example: 1 }) nodes: number
  @Integer('How many have to store an append.', { example: 1 }) needed: number
  @Integer('How many can be counted on now.', { example: 1, min: 0 }) present: number
}

export class PartitionDto {
  @TextList('What this node is cut off from: `storage`, `dependency`, `clients`; empty when nothing.', { example: [] })
  from: string[]

  @Flag('Whether it takes connections.', { example: true }) listening: boolean
  @Integer('How many are connected now.', { example: 12, min: 0 }) connections: number
}

export class AdminStatusAnswerDto {
  @Nested('Which log the positions are of.', LineageDto) lineage: LineageDto
  @Integer('Which start of the store this is; it rises with each.', { example: 7 }) epoch: number

  @OneOf(
    '`leader` owns the log, `fenced` has lost it to another process; `unknown` while the storage does not answer.',
    {
      of: ['leader', 'fenced', 'unknown'],
      example: 'leader',
    },
  )
  role: string

  @Text('When this process took the log.', { format: 'date-time', example: '2026-01-31T12:00:00.000Z' }) since: string
  @Flag('Whether appends can be stored now.', { example: true }) writable: boolean
  @Text('Why not; absent while they can.', { optional: true, example: 'lost_ownership' }) reason?: string
  @Integer('The last durable position.', { example: 1200, min: 0 }) head: number
  @Nested('One node today: it is its own majority.', QuorumDto) quorum: QuorumDto
  @Nested('What this node can see of a partition.', PartitionDto) partition: PartitionDto
}
