// An event that a generator has made, what it is caused by, and how it becomes one that can be appended.
import type { JsonObject, NewEvent } from '../event.js'

/** Of every hundred events 70 are about the validation of commands, 20 about coordination, 10 about monitoring. */
export type EventKind = 'validation' | 'coordination' | 'monitoring'

export interface GeneratedEvent {
  /** The same on every run of the seed and unique within it. It is kept in `metadata.ref`, and serves as the key of an append. */
  readonly ref: string
  readonly kind: EventKind
  /** Who appends it; the stream is one that this agent may write. */
  readonly agentId: string
  /** When it happened, in microseconds since 1970. `occurredAt` says the same by the agent's own clock, which may be wrong. */
  readonly at: number
  /** The refs of its direct causes, the nearest first. Their ids are known once they are stored: see `linkedTo`. */
  readonly causes: readonly string[]
  readonly event: NewEvent<{ readonly type: string; readonly data: JsonObject }>
}

/** The event with `causationId` and `parents`, as far as the ids of its causes are known. */
export function linkedTo({ event, causes }: GeneratedEvent, idOf: (ref: string) => string | undefined): NewEvent {
  const [causationId, ...parents] = causes.map(idOf).filter(id => id !== undefined)
  if (causationId === undefined) return event
  return parents.length === 0 ? { ...event, causationId } : { ...event, causationId, parents }
}

/** The ref of an event that was read; undefined when no generator made it. */
export function refOf({ metadata }: { readonly metadata?: object | undefined }): string | undefined {
  const ref = (metadata as { readonly ref?: unknown } | undefined)?.ref
  return typeof ref === 'string' ? ref : undefined
}
