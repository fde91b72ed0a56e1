// What a group is: which events it hands out, from where on, and by which rules. Pure.
import type { Position } from '../../contract/event.js'
import type { EventFilter } from '../../contract/filter.js'

export const ORDERINGS = ['none', 'stream', 'correlation'] as const
export type Ordering = (typeof ORDERINGS)[number]

export const ON_DAMAGE = ['stop', 'skip'] as const
export type OnDamage = (typeof ON_DAMAGE)[number]

/** What may be changed as long as the group lives. */
export interface GroupSettings {
  readonly ackTimeoutSeconds: number
  readonly maxAttempts: number
  readonly maxInFlight: number
  readonly ordering: Ordering
  /** What to do where the log cannot be read. */
  readonly damaged: OnDamage
}

/** Where a group begins, in the words of whoever defined it. */
export type After = Position | string

export interface Definition extends GroupSettings {
  readonly filter: EventFilter
  readonly after: After
  /** The position `after` stood for when the group was defined: what it hands out lies behind it. */
  readonly start: Position
  readonly definedBy: string
}

const LISTS = ['streams', 'types', 'tags', 'agents', 'correlationId', 'sessionId'] as const

/** Two filters that let the same through by the same words have the same text. */
export function filterText(filter: EventFilter): string {
  const fields = LISTS.flatMap(name => {
    const value = filter[name]
    if (value === undefined) return []
    return [[name, typeof value === 'string' ? [value] : [...new Set(value)].sort()]]
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
