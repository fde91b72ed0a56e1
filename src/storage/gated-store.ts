// The gate in front of the store: it refuses appends when the mode says so, and the mode follows the store.
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
