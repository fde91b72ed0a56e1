// The gate in front of the store: an append asks the mode first, and what the mode does not take is refused.
import { SERVICE_AGENT } from '../contract/check/check-append.js'
import type { AppendRequest, EventStore } from '../contract/event-store.js'
import type { ModeHolder } from '../degradation/mode-holder.js'
import { wrapStore } from './wrap-store.js'

/** What the service writes in every mode: what happens to it, and what was denied. */
const STREAMS_OF_EVERY_MODE: ReadonlySet<string> = new Set(['$degradation', '$security', '$alerts'])

export function gatedStore(store: EventStore, mode: ModeHolder): EventStore {
  return wrapStore(store, {
    append: (request, terms) => {
      if (mode.isOpen) return store.append(request, terms)
      if (terms?.inEveryMode === true || isOfEveryMode(request)) return store.append(request, { urgent: true })
      if (mode.takesNext()) return store.append(request, terms)
      const refusal = mode.refusal()
      // Only the store knows whether the key stands for an append that is stored.
      return request.key === undefined ? Promise.reject(refusal) : store.append(request, { refusal })
    },
    read: 'through',
    find: 'through',
    stream: 'through',
    streams: 'through',
    head: 'through',
    beyond: 'through',
    status: 'through',
    lineage: 'through',
    owned: 'through',
    close: 'through',
  })
}

function isOfEveryMode({ author, events }: AppendRequest): boolean {
  return author.agentId === SERVICE_AGENT && events.every(({ stream }) => STREAMS_OF_EVERY_MODE.has(stream))
}
