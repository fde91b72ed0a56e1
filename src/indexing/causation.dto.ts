// Describes the parameters and answers of questions about causes and effects.
import { LIMITS } from '../contract/limits.js'
import { AnyList, Flag, Integer, NestedList, OneOf, PositionField, Text, TextList } from '../wire/fields.decorator.js'

export const GRAPH_DEPTH_DEFAULT = 10
export const GRAPH_DEPTH_MAX = 100
export const GRAPH_NODES_DEFAULT = 100
export const GRAPH_NODES_MAX = 1_000

const ID = '1790000000000000000_0_node-1'

export class GraphParameters {
  @Integer('How many steps to go at most.', {
    optional: true,
    example: 10,
    min: 1,
    max: GRAPH_DEPTH_MAX,
    default: GRAPH_DEPTH_DEFAULT,
  })
  depth?: number

  @Integer('How many events to show at most, beside the one that is asked about.', {
    optional: true,
    example: 100,
    min: 1,
    max: GRAPH_NODES_MAX,
    default: GRAPH_NODES_DEFAULT,
  })
  limit?: number
}

export class GraphEventDto {
  @Text('The id.', { example: ID }) id: string
  @Integer('Steps from the event that is asked about.', { example: 1 }) depth: number
  @Flag('True: there is no such event, or the token may not read it.', { example: false }) missing: boolean
  @Integer('The position.', { optional: true, example: 1201 }) position?: number
  @Text('The stream.', { optional: true, example: 'agent_builder-1/tasks' }) stream?: string
  @Text('The type.', { optional: true, example: 'task.completed' }) type?: string
  @Text('When it was appended.', { optional: true, example: '2026-01-31T12:00:00.000000000Z' }) timestamp?: string
  @Text('Who appended it.', { optional: true, example: 'builder-1' }) agentId?: string
}

export class GraphLinkDto {
  @Text('The id of the cause.', { example: ID }) cause: string
  @Text('The id of the effect.', { example: '1790000000000000001_0_node-1' }) effect: string
  @OneOf('Which field says so.', { of: ['causation', 'parent'], example: 'causation' }) by: 'causation' | 'parent'
}

export class GraphAnswerDto {
  @NestedList('Events, nearest first; the first is the one that is asked about.', GraphEventDto) events: GraphEventDto[]
  @NestedList('Which of them caused which.', GraphLinkDto) links: GraphLinkDto[]
  @Flag('False when `depth` or `limit` ended it: there is more.', { example: true }) complete: boolean
}

export class StoryParameters {
  @PositionField('Only events beyond this position.', { optional: true, example: 1200 }) after?: number

  @Integer('How many events to show at most.', {
    optional: true,
    example: 100,
    min: 1,
    max: GRAPH_NODES_MAX,
    default: LIMITS.readLimitDefault,
  })
  limit?: number
}

export class StoryAnswerDto {
  @Text('The correlation id.', { example: 'build-42' }) correlationId: string

  @AnyList('Its events in the order of the log, each as it is read.', { type: 'object', additionalProperties: true })
  events: unknown[]

  @NestedList('Which of them caused which, and causes that lie outside.', GraphLinkDto) links: GraphLinkDto[]

  @TextList('Causes that are not among these events: of another story, of an earlier page, or missing.', {
    example: [ID],
  })
  outside: string[]

  @Integer('The `after` of the next page; null at the end.', { example: 1300, nullable: true }) next: number | null
}
