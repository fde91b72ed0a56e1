// Snapshots: states that the server has written down, from which its folds go on.
import type { CallOptions } from './call.js'
import type { JsonValue, Position } from './event.js'
import { type EventFilter, filterFrame } from './filter.js'
import type { Http } from './http.js'
import type { Fold } from './states.js'
import { foundOrNot } from './streams.js'

export interface KeepRequest extends Fold {
  readonly filter?: EventFilter | undefined
  /** The name of a projection, which replaces filter and reducer. */
  readonly projection?: string | undefined
  readonly version?: number | undefined
  /** A name for the fold. */
  readonly name?: string | undefined
}

export interface KeptFold {
  readonly id: string
  readonly name: string | null
  readonly fold: { readonly [field: string]: JsonValue }
  readonly keptBy: string
  readonly since: string
}

/** A snapshot without its state. Sizes, counts and the hash are null for a token that may not read all of it. */
export interface Snapshot {
  readonly id: string
  /** The id of its fold. */
  readonly fold: string
  /** Marks the upcasters it was made with; while others are in force, nothing begins with it. */
  readonly upcasting: string | null
  readonly position: Position
  readonly events: number | null
  readonly createdAt: string
  readonly reason: 'demand' | 'events' | 'quiet' | 'growth' | 'verify' | 'repair'
  /** The one it is a difference to; null when it is full. */
  readonly base: string | null
  readonly bytes: number | null
  readonly stateBytes: number | null
  readonly stateSha256: string | null
  readonly protected: boolean
}

export interface SnapshotState<T = JsonValue> {
  readonly id: string
  readonly position: Position
  readonly events: number
  readonly state: T
}

export interface SnapshotVerdict {
  /** `sound`: folding anew gives the same bytes. `outdated`: the log cannot make it again. */
  readonly verdict: 'sound' | 'wrong' | 'damaged' | 'outdated'
  readonly quarantined: readonly string[]
  /** The one that was made instead. */
  readonly made: Snapshot | null
}

const ALL = 'v1/snapshots'

export class Snapshots {
  constructor(private readonly http: Http) {}

  /** Keeps snapshots of a fold, and makes one now; null while there is no event. The server makes further ones. */
  async keep(
    { filter, reducer, key, projection, version, name }: KeepRequest,
    options: CallOptions = {},
  ): Promise<{ readonly fold: KeptFold; readonly snapshot: Snapshot | null }> {
    const asked = { filter: filter && filterFrame(filter), reducer, key, projection, version, name }
    const { body } = await this.http.call({ method: 'POST', path: ALL, body: JSON.stringify(asked) }, options)
    return body as { readonly fold: KeptFold; readonly snapshot: Snapshot | null }
  }

  /** The folds that are kept, and their snapshots, newest first. */
  async list(
    options: CallOptions = {},
  ): Promise<{ readonly folds: readonly KeptFold[]; readonly snapshots: readonly Snapshot[] }> {
    const { body } = await this.http.call({ method: 'GET', path: ALL }, options)
    return body as { readonly folds: readonly KeptFold[]; readonly snapshots: readonly Snapshot[] }
  }

  /** One snapshot without its state; undefined when there is none. */
  async get(id: string, options: CallOptions = {}): Promise<Snapshot | undefined> {
    return (await foundOrNot(this.http, { method: 'GET', path: pathOf(id) }, options))?.body as Snapshot | undefined
  }

  async state<T = JsonValue>(id: string, options: CallOptions = {}): Promise<SnapshotState<T>> {
    return (await this.http.call({ method: 'GET', path: `${pathOf(id)}/state` }, options)).body as SnapshotState<T>
  }

  /** Folds anew without any snapshot and compares bytes. A wrong one is set aside and made again. */
  async verify(id: string, options: CallOptions = {}): Promise<SnapshotVerdict> {
    return (await this.http.call({ method: 'POST', path: `${pathOf(id)}/verify` }, options)).body as SnapshotVerdict
  }

  /** Keeps it, however old, with those that it is a difference to. */
  async protect(id: string, options: CallOptions = {}): Promise<Snapshot> {
    return (await this.http.call({ method: 'POST', path: `${pathOf(id)}/protect` }, options)).body as Snapshot
  }

  async unprotect(id: string, options: CallOptions = {}): Promise<Snapshot> {
    return (await this.http.call({ method: 'DELETE', path: `${pathOf(id)}/protect` }, options)).body as Snapshot
  }

  /** Removes it with those that are differences to it, and answers the ids; its own alone when the answer was lost. */
  async delete(id: string, options: CallOptions = {}): Promise<readonly string[]> {
    const answer = await this.http.remove(pathOf(id), options)
    return answer === undefined ? [id] : (answer.body as { readonly removed: readonly string[] }).removed
  }

  /** Keeps a fold no longer. Its snapshots go, except those that are protected and what they stand on. */
  async release(fold: string, options: CallOptions = {}): Promise<void> {
    await this.http.remove(`${ALL}/folds/${encodeURIComponent(fold)}`, options)
  }
}

function pathOf(id: string): string {
  return `${ALL}/${encodeURIComponent(id)}`
}
