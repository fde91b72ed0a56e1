// Projections: folds with a name, which the server keeps and, if they are live, holds up to date.
import type { CallOptions } from './call.js'
import type { JsonValue, Position } from './event.js'
import { type EventFilter, filterFrame, limitOf } from './filter.js'
import type { Http } from './http.js'
import { type Moment, momentText, type ServerState } from './states.js'
import { foundOrNot } from './streams.js'

/** One change of a state: a literal `value` (`by`), or what stands at the path `from` of the event. */
export interface Operation {
  readonly op: 'set' | 'merge' | 'append' | 'increment' | 'remove'
  /** A JSON Pointer into the state. */
  readonly path: string
  readonly value?: JsonValue | undefined
  readonly by?: number | undefined
  readonly from?: string | undefined
}

export interface ProjectionDefinition {
  readonly description?: string | undefined
  readonly filter?: EventFilter | undefined
  /** A path of the event: one state for each value that is found there. */
  readonly key?: string | undefined
  /** The state before the first event; default `{}`. */
  readonly initial?: JsonValue | undefined
  /** What is done when an event comes, by its type or a pattern on types. */
  readonly on: { readonly [type: string]: readonly Operation[] }
  /** Keeps the state up to date in the server's memory. */
  readonly live?: boolean | undefined
}

export interface ProjectionSummary {
  readonly name: string
  /** Counts every change, deletions included. */
  readonly version: number
  readonly description?: string
  readonly live: boolean
  readonly definedBy: string
  readonly definedAt: string
}

export interface DefinedProjection extends ProjectionDefinition, Omit<ProjectionSummary, 'description' | 'live'> {}

export interface ProjectionState<T = JsonValue> extends ServerState<T> {
  readonly projection: string
  readonly version: number
  readonly key?: string
  /** Whether it comes from memory, instead of having been folded for this answer. */
  readonly live: boolean
}

export interface ProjectionStateRequest extends CallOptions {
  /** The key, where the projection has one; required there. */
  readonly key?: string | undefined
  readonly at?: Moment | undefined
  readonly version?: number | undefined
}

export interface ProjectionKeysRequest extends Omit<ProjectionStateRequest, 'key'> {
  /** Only keys that sort after this one. */
  readonly after?: string | undefined
  /** The listing ends after this many keys; without it, all are listed. */
  readonly limit?: number | undefined
}

export interface KeyState<T = JsonValue> {
  readonly key: string
  readonly state: T
}

const KEYS_PAGE = 100

export class Projection<T = JsonValue> {
  private readonly path: string

  constructor(
    private readonly http: Http,
    readonly name: string,
  ) {
    this.path = `v1/projections/${encodeURIComponent(name)}`
  }

  /** Defines it, or a new version of it. Repeating a definition changes nothing. */
  async define({ filter, ...definition }: ProjectionDefinition, options: CallOptions = {}): Promise<DefinedProjection> {
    const body = JSON.stringify({ ...definition, filter: filter && filterFrame(filter) })
    return (await this.http.call({ method: 'PUT', path: this.path, body }, options)).body as DefinedProjection
  }

  /** The definition, of an older version if one is named; undefined when there is none. */
  async definition({
    version,
    ...options
  }: CallOptions & { readonly version?: number | undefined } = {}): Promise<DefinedProjection | undefined> {
    const request = { method: 'GET', path: this.path, query: queryOf({ version }) } as const
    return (await foundOrNot(this.http, request, options))?.body as DefinedProjection | undefined
  }

  /** Deletes it. Its events stay in the log, and its versions can still be asked for by number. */
  async delete(options: CallOptions = {}): Promise<void> {
    await this.http.remove(this.path, options)
  }

  /** The state, now or at a moment; NOT_FOUND where the key has none then. */
  async state({ key, at, version, ...options }: ProjectionStateRequest = {}): Promise<ProjectionState<T>> {
    const request = { method: 'GET', path: `${this.path}/state`, query: queryOf({ key, at, version }) } as const
    return (await this.http.call(request, options)).body as ProjectionState<T>
  }

  /** All keys with their states, page after page and all of the same moment. */
  async *keys({
    after,
    at,
    version,
    limit,
    ...options
  }: ProjectionKeysRequest = {}): AsyncGenerator<KeyState<T>, void, void> {
    let left = limitOf(limit)
    let beyond: string | null | undefined = after
    let moment = at
    while (left > 0 && beyond !== null) {
      const query = queryOf({ after: beyond, at: moment, version, limit: Math.min(left, KEYS_PAGE) })
      const { body } = await this.http.call({ method: 'GET', path: `${this.path}/keys`, query }, options)
      const page = body as {
        readonly keys: readonly KeyState<T>[]
        readonly position: Position
        readonly next: string | null
      }
      yield* page.keys
      left -= page.keys.length
      beyond = page.next
      // The first page decides the moment; otherwise two pages could tell of two.
      moment = page.position
    }
  }
}

export async function projections(http: Http, options: CallOptions): Promise<readonly ProjectionSummary[]> {
  const { body } = await http.call({ method: 'GET', path: 'v1/projections' }, options)
  return (body as { readonly projections: readonly ProjectionSummary[] }).projections
}

function queryOf(given: { readonly [name: string]: Moment | undefined }): URLSearchParams {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined) query.set(name, String(momentText(value)))
  }
  return query
}
