// Wraps some verbs of a store; each wrapper must decide every verb, so a new verb does not compile until all do.
import type { EventStore } from '../contract/event-store.js'

/** `through`: the wrapped store answers this verb unchanged. */
export type Wrapping = { readonly [Verb in keyof EventStore]: EventStore[Verb] | 'through' }

export function wrapStore(store: EventStore, wrapping: Wrapping): EventStore {
  const verb = <V extends keyof EventStore>(name: V): EventStore[V] => {
    const own = wrapping[name]
    const wrapped: (...asked: never[]) => unknown = store[name]
    return (own === 'through' ? wrapped.bind(store) : own) as EventStore[V]
  }
  return {
    append: verb('append'),
    read: verb('read'),
    find: verb('find'),
    stream: verb('stream'),
    streams: verb('streams'),
    head: verb('head'),
    beyond: verb('beyond'),
    status: verb('status'),
    lineage: verb('lineage'),
    owned: verb('owned'),
    close: verb('close'),
  }
}
