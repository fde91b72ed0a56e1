// Judges each component by what is known of it. Pure; every figure was measured before somebody asked.
import type { SignalLevel } from '../signals/signals.js'

export type State = 'up' | 'degraded' | 'down'
export type Details = Readonly<Record<string, string | number | boolean | null>>

export interface ComponentFinding {
  readonly state: State
  readonly details: Details
}

/** A volume that was asked this long ago and has not answered since holds every append as well. */
const SILENT_MS = 15_000
const LEAST_FREE_SHARE = 0.05
const MOST_CONNECTIONS_SHARE = 0.9

export interface StoreFacts {
  readonly state: State
  readonly details: Details
  /** 99 of 100 syncs of the last minute took no longer; undefined when there was none. */
  readonly syncP99Ms: number | undefined
  readonly levels: readonly SignalLevel[]
}

export function storeFinding({ state, details, syncP99Ms, levels }: StoreFacts): ComponentFinding {
  const timed = syncP99Ms === undefined ? details : { ...details, syncP99Ms: Math.round(syncP99Ms * 10) / 10 }
  return { state: worst(state, ...levels.map(degrades)), details: timed }
}

export interface StorageFacts {
  /** Undefined until the volume has answered for the first time. */
  readonly volume: VolumeFacts | undefined
  readonly silentMs: number
  readonly writable: boolean
  /** Null until the data directory was looked through. */
  readonly usedBytes: number | null
  readonly levels: readonly SignalLevel[]
}

export interface VolumeFacts {
  readonly totalBytes: number
  readonly freeBytes: number
  readonly totalInodes: number
  readonly freeInodes: number
}

/** Reveals no path, because this route needs no token. */
export function storageFinding({ volume, silentMs, writable, usedBytes, levels }: StorageFacts): ComponentFinding {
  const facts = { ...volume, usedBytes, writable }
  if (silentMs > SILENT_MS) return { state: 'down', details: { ...facts, reason: 'no answer in time' } }
  // A file system without a fixed number of inodes says 0 of 0.
  const scarce =
    volume !== undefined &&
    (volume.freeBytes < volume.totalBytes * LEAST_FREE_SHARE ||
      (volume.totalInodes > 0 && volume.freeInodes < volume.totalInodes * LEAST_FREE_SHARE))
  const state = scarce || !writable ? 'degraded' : 'up'
  return { state: worst(state, ...levels.map(degrades)), details: facts }
}

export interface NetworkFacts {
  readonly listening: boolean
  readonly connections: number
  readonly maxConnections: number
  readonly waitMs: number
  readonly dependency: SignalLevel
}

/** Without the keys of its tokens a server answers nobody, and one that does not listen is not there. */
export function networkFinding({ dependency, ...details }: NetworkFacts): ComponentFinding {
  const told = { ...details, dependencies: dependency }
  if (!details.listening || dependency === 'critical') return { state: 'down', details: told }
  const crowded = details.connections > details.maxConnections * MOST_CONNECTIONS_SHARE
  return { state: crowded ? 'degraded' : degrades(dependency), details: told }
}

export interface MemoryFacts {
  readonly details: Details
  readonly levels: readonly SignalLevel[]
}

/** Short memory is never down: to take the server out of service would lose what it still does. */
export function memoryFinding({ details, levels }: MemoryFacts): ComponentFinding {
  return { state: worst(...levels.map(degrades)), details }
}

function degrades(level: SignalLevel): State {
  return level === 'ok' ? 'up' : 'degraded'
}

function worst(...states: readonly State[]): State {
  if (states.includes('down')) return 'down'
  return states.includes('degraded') ? 'degraded' : 'up'
}
