// The definition of a group: which events it hands out, where it begins, and by which rules. Pure.
import type { Role } from '../../auth/access.js'
import type { Position } from '../../contract/event.js'
import { type EventFilter, FILTER_FIELD_LIST, listOf } from '../../contract/filter.js'
import type { Moment } from '../../contract/moment.js'

export const ORDERINGS = ['none', 'stream', 'correlation'] as const
export type Ordering = (typeof ORDERINGS)[number]

export const ON_DAMAGE = ['stop', 'skip'] as const
export type OnDamage = (typeof ON_DAMAGE)[number]

/** Lists of globs on stream names: one glob of each list must match a stream. Without lists there is no limit. */
export type Within = readonly (readonly string[])[]

/** Who may take from a group beside its owner: agents by globs on their ids, and roles. */
export interface Consumers {
  readonly agents: readonly string[]
  readonly roles: readonly Role[]
}

/** The part of a definition that may be changed after the group was defined. */
export interface GroupSettings {
  readonly ackTimeoutSeconds: number
  readonly maxAttempts: number
  readonly maxInFlight: number
  readonly ordering: Ordering
  /** Whether the group stops or goes on where the log cannot be read. */
  readonly damaged: OnDamage
}

export interface Definition extends GroupSettings {
  readonly filter: EventFilter
  /** Where the group begins, as it was written in the definition. */
  readonly after: Moment
  /** The position that `after` meant when the group was defined; only events behind it are handed out. */
  readonly start: Position
  /** The agent that owns the group. */
  readonly definedBy: string
  /** Missing only in definitions that were written before groups named their consumers. */
  readonly consumers?: Consumers
  /** What its owner could read when the group was defined; missing in definitions written before this was kept. */
  readonly within?: Within
}

/** Filters with the same values have the same text, because the order of values in a list does not matter. */
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
