// Describes the filter of events as bodies, frames and queries send it.
import { type EventFilter, type FilterFieldName } from '../contract/filter.js'
import { LIMITS } from '../contract/limits.js'
import { Text, TextList } from './fields.decorator.js'

const list = (description: string, example: string) =>
  TextList(description, { optional: true, example: [example], max: LIMITS.filterValues })

const STREAMS = ['Names of streams; `*` stands for any run of characters.', 'agent_builder-1*'] as const
const TYPES = ['Event types; `*` stands for any run of characters.', 'task.*'] as const
const TAGS = ['Tags an event must bear, all of them.', 'project:apollo'] as const
const AGENTS = ['Agents that wrote the events.', 'builder-1'] as const
const CORRELATION = 'build-42'
const CAUSATION = '1790000000000000000_0_node-1'
const SESSION = 'session-7'

/** An event must match every field; one of a field's values is enough, except that it must have all tags. */
export class EventFilterDto implements Pick<EventFilter, FilterFieldName> {
  @list(...STREAMS) streams?: string[]
  @list(...TYPES) types?: string[]
  @list(...TAGS) tags?: string[]
  @list(...AGENTS) agents?: string[]
  @Text('The correlation id of the events.', { optional: true, example: CORRELATION }) correlationId?: string
  @Text('The id of the event that caused them.', { optional: true, example: CAUSATION }) causationId?: string
  @Text('The session of the events.', { optional: true, example: SESSION }) sessionId?: string
}

/** The same filter in a query string, where each parameter may be repeated. */
export class EventFilterParameters {
  @list(`${STREAMS[0]} Repeatable.`, STREAMS[1]) stream?: string[]
  @list(`${TYPES[0]} Repeatable.`, TYPES[1]) type?: string[]
  @list(`${TAGS[0]} Repeatable.`, TAGS[1]) tag?: string[]
  @list(`${AGENTS[0]} Repeatable.`, AGENTS[1]) agent?: string[]
  @list('Correlation ids. Repeatable.', CORRELATION) correlation?: string[]
  @list('Ids of the events that caused them. Repeatable.', CAUSATION) causation?: string[]
  @list('Session ids. Repeatable.', SESSION) session?: string[]
}
