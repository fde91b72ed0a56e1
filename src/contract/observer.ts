// What a backend tells whoever runs it. It tells; it never asks and never waits for an answer.

import type { Position } from './event.js'
import type { DamagedRange, WriteState } from './event-store.js'

export interface Observer {
  appended?(batch: {
    readonly events: number
    readonly bytes: number
    readonly syncMs: number
    readonly head: Position
  }): void
  recovered?(recovery: {
    readonly clean: boolean
    readonly tornBytes: number
    readonly head: Position
    readonly ms: number
  }): void
  damaged?(range: DamagedRange): void
  writeState?(state: WriteState): void
  rotated?(segment: { readonly name: string; readonly bytes: number; readonly events: number }): void
  archived?(segment: { readonly name: string; readonly bytes: number; readonly archivedBytes: number }): void
  retired?(segment: { readonly name: string; readonly firstPosition: Position; readonly lastPosition: Position }): void
  scrubbed?(pass: { readonly bytes: number; readonly damaged: number; readonly ms: number }): void
  /** Something unexpected but survivable, for the log: an unknown file, a rebuilt index, an abandoned temporary. */
  noticed?(note: { readonly what: string; readonly detail: string }): void
}

export const SILENT: Observer = Object.freeze({})
