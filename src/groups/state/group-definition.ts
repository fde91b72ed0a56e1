// What a group is: which events it hands out, from where on, and by which rules. Pure.
import type { Role } from '../../auth/access.js'
import type { Position } from '../../contract/event.js'
import { type EventFilter, FILTER_FIELD_LIST, listOf } from '../../contract/filter.js'
import type { Moment } from '../../contract/moment.js'

export const ORDERINGS = ['none', 'stream', 'correlation'] as const
export type Ordering = (typeof ORDERINGS)[number]

export const ON_DAMAGE = ['stop', 'skip'] as const
export type OnDamage = (typeof ON_DAMAGE)[number]

/** Lists of globs on stream names: a stream lies within them when one glob of each list matches it. No list is no limit. */
export type Within = readonly (readonly string[])[]

/** Who may take from a group beside its owner: agents by globs on their ids, and roles. */
export interface Consumers {
  readonly agents: readonly string[]
  readonly roles: readonly Role[]
}

/** What may be changed as long as the group lives. */
export interface GroupSettings {
  readonly ackTimeoutSeconds: number
  readonly maxAttempts: number
  readonly maxInFlight: number
  readonly ordering: Ordering
  /** What to do where the log cannot be read. */
  readonly damaged: OnDamage
}

export interface Definition extends GroupSettings {
  readonly filter: EventFilter
  /** Where the group begins, in the words of whoever defined it. */
  readonly after: Moment
  /** The position `after` stood for when the group was defined: what it hands out lies behind it. */
  readonly start: Position
  /** The agent that owns the group. */
  readonly definedBy: string
  /** Missing only in what was written before groups named them. */
  readonly consumers?: Consumers
  /** What its owner could read when it was defined; missing in what was written before that was kept. */
  readonly within?: Within
}

/** Two filters that let the same through by the same words have the same text. */
export function filterText(filter: EventFilter): string {
  const fields = FILTER_FIELD_LIST.flatMap(({ name }) => {
    const value = filter[name]
    if (value === undefined) return []
    return [[name, [...new Set(listOf(value))].sort()]]
  })
  return JSON.stringify(fields)
}

export function sameSettings(a: GroupSettings, b: GroupSettings): boolean {
  return (
    a.ackTimeoutSeconds === b.ackTimeoutSeconds &&
    a.maxAttempts === b.maxAttempts &&
    a.maxInFlight === b.maxInFlight &&
    a.ordering === b.ordering &&
    a.damaged === b.damaged
  )
}

export function settingsOf(settings: GroupSettings): GroupSettings {
  const { ackTimeoutSeconds, maxAttempts, maxInFlight, ordering, damaged } = settings
  return { ackTimeoutSeconds, maxAttempts, maxInFlight, ordering, damaged }
}

export function sameConsumers(a: Consumers, b: Consumers): boolean {
  const text = ({ agents, roles }: Consumers) => JSON.stringify([agents, roles].map(list => [...new Set(list)].sort()))
  return text(a) === text(b)
}
