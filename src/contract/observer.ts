// What a backend reports to the process that runs it; it never waits for an answer.

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
  /** The store gave up an archive for want of room, because a backup has it. */
  cleanedUp?(archive: {
    readonly name: string
    readonly firstPosition: Position
    readonly lastPosition: Position
  }): void
  /** A damaged segment was put back from a backup. `kept` names the file that it replaced. */
  restored?(segment: {
    readonly name: string
    readonly firstPosition: Position
    readonly lastPosition: Position
    readonly kept: string | null
  }): void
  scrubbed?(pass: { readonly bytes: number; readonly damaged: number; readonly ms: number }): void
  /** A write does not come back in time, or has come back after all. */
  hung?(write: { readonly hung: boolean; readonly ms: number }): void
  /** Something unexpected but survivable, to be logged: an unknown file, a rebuilt index, an abandoned temporary. */
  warned?(note: { readonly what: string; readonly detail: string }): void
}

type Verb = keyof Observer
type Fact<V extends Verb> = Parameters<Required<Observer>[V]>[0]

/**
 * Reports every fact to all observers. When one throws, the others still hear it and the backend does not, because an
 * observer must not change what becomes of an append. A new verb does not compile until it is added here.
 */
export class Observers implements Required<Observer> {
  constructor(private readonly observers: readonly { readonly [V in Verb]?: (fact: never) => void }[]) {}

  appended(batch: Fact<'appended'>): void {
    this.tell('appended', batch)
  }

  recovered(recovery: Fact<'recovered'>): void {
    this.tell('recovered', recovery)
  }

  damaged(range: Fact<'damaged'>): void {
    this.tell('damaged', range)
  }

  writeState(state: Fact<'writeState'>): void {
    this.tell('writeState', state)
  }

  rotated(segment: Fact<'rotated'>): void {
    this.tell('rotated', segment)
  }

  archived(segment: Fact<'archived'>): void {
    this.tell('archived', segment)
  }

  retired(segment: Fact<'retired'>): void {
    this.tell('retired', segment)
  }

  cleanedUp(archive: Fact<'cleanedUp'>): void {
    this.tell('cleanedUp', archive)
  }

  restored(segment: Fact<'restored'>): void {
    this.tell('restored', segment)
  }

  scrubbed(pass: Fact<'scrubbed'>): void {
    this.tell('scrubbed', pass)
  }

  hung(write: Fact<'hung'>): void {
    this.tell('hung', write)
  }

  warned(note: Fact<'warned'>): void {
    this.tell('warned', note)
  }

  private tell<V extends Verb>(verb: V, fact: Fact<V>): void {
    for (const observer of this.observers) {
      try {
        observer[verb]?.(fact as never)
      } catch {
        // The fault of an observer has nobody to be reported to.
      }
    }
  }
}
