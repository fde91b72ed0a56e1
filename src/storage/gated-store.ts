// The gate: an append asks the mode of the service before the store sees it, and the mode follows whether the store takes appends.
import type { EventStore } from '../contract/event-store.js'
import type { Observer } from '../contract/observer.js'
import type { ModeHolder } from '../degradation/mode-holder.js'
import { wrapStore } from './wrap-store.js'

export function gatedStore(store: EventStore, mode: ModeHolder): EventStore {
  return wrapStore(store, {
    append: request => (mode.refusal === undefined ? store.append(request) : Promise.reject(mode.refusal)),
    read: 'through',
    find: 'through',
    stream: 'through',
    streams: 'through',
    head: 'through',
    beyond: 'through',
    status: 'through',
    close: 'through',
  })
}

export function modeObserver(mode: ModeHolder): Observer {
  return {
    writeState: ({ writable }) => {
      mode.current = writable ? 'NORMAL' : 'EMERGENCY'
    },
  }
}
