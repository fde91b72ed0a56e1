// Followers that stand at the end of the log, found by what their filters name: who cannot match an event costs it nothing.
import type { RecordedEvent } from '../contract/event.js'
import { type EventFilter, globCharsOf } from '../contract/filter.js'
import { isGlob } from '../contract/glob.js'

/** A follower under each of these keys is offered every event that bears one of them; at most one key of each event. */
function keysOf(filter: EventFilter): readonly string[] | undefined {
  const { streams, types, tags, agents, correlationId, causationId, sessionId } = filter
  const named = (name: string, values: string | readonly string[]) => [values].flat().map(value => `${name} ${value}`)
  if (correlationId !== undefined) return named('correlation', correlationId)
  if (causationId !== undefined) return named('causation', causationId)
  if (sessionId !== undefined) return named('session', sessionId)
  if (streams !== undefined && !streams.some(isGlob)) return named('stream', streams)
  // All tags must be there, so one of them is enough to be found by.
  if (tags !== undefined && tags.length > 0) return named('tag', tags.slice(0, 1))
  if (agents !== undefined) return named('agent', agents)
  if (types !== undefined && !types.some(isGlob)) return named('type', types)
  return undefined
}

/** More than a few patterns make a filter costly for every event that bears its name. */
const GLOB_CHARS = 1_024

/** Whether events that do not match cost a look all the same: all of them, or each a long one. */
export function isWide(filter: EventFilter): boolean {
  return keysOf(filter) === undefined || globCharsOf(filter.streams, filter.types) > GLOB_CHARS
}

function* keysOfEvent(event: RecordedEvent): Generator<string> {
  const { stream, type, tags, agentId, correlationId, causationId, sessionId } = event
  yield `stream ${stream}`
  yield `type ${type}`
  yield `agent ${agentId}`
  if (correlationId !== undefined) yield `correlation ${correlationId}`
  if (causationId !== undefined) yield `causation ${causationId}`
  if (sessionId !== undefined) yield `session ${sessionId}`
  for (const tag of new Set(tags)) yield `tag ${tag}`
}

export class Standing<F extends { readonly filter: EventFilter }> {
  private readonly byKey = new Map<string, Set<F>>()
  private readonly others = new Set<F>()
  private readonly all = new Set<F>()

  get everyone(): ReadonlySet<F> {
    return this.all
  }

  add(follower: F): void {
    this.all.add(follower)
    const keys = keysOf(follower.filter)
    if (keys === undefined) this.others.add(follower)
    for (const key of keys ?? []) {
      const held = this.byKey.get(key)
      if (held === undefined) this.byKey.set(key, new Set([follower]))
      else held.add(follower)
    }
  }

  delete(follower: F): void {
    if (!this.all.delete(follower)) return
    this.others.delete(follower)
    for (const key of keysOf(follower.filter) ?? []) {
      const held = this.byKey.get(key)
      held?.delete(follower)
      if (held?.size === 0) this.byKey.delete(key)
    }
  }

  /** Each once, those whose filter may match the event and no one else who names what it does not have. */
  *candidates(event: RecordedEvent): Generator<F> {
    yield* this.others
    if (this.byKey.size === 0) return
    for (const key of keysOfEvent(event)) {
      const held = this.byKey.get(key)
      if (held !== undefined) yield* held
    }
  }
}
