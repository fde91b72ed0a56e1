// Why events happened and what came of them: the causes, the effects, and the whole story of a correlation.
import type { CallOptions } from './call.js'
import type { EventShape, Position, RecordedEvent } from './event.js'
import type { Http } from './http.js'

export interface GraphRequest extends CallOptions {
  /** At most this many steps away from the event. */
  readonly depth?: number | undefined
  /** At most this many events besides the one that was asked about. */
  readonly limit?: number | undefined
}

/** An event of a graph. Of one that is `missing`, or that the token may not read, only the id is known. */
export interface GraphEvent {
  readonly id: string
  /** The number of steps from the event that was asked about. */
  readonly depth: number
  readonly missing: boolean
  readonly position?: Position
  readonly stream?: string
  readonly type?: string
  readonly timestamp?: string
  readonly agentId?: string
}

export interface GraphLink {
  readonly cause: string
  readonly effect: string
  /** The field that says so: `causationId`, or one of `parents`. */
  readonly by: 'causation' | 'parent'
}

export interface Graph {
  readonly events: readonly GraphEvent[]
  readonly links: readonly GraphLink[]
  /** False when the depth or the limit has ended it. */
  readonly complete: boolean
}

export async function graph(
  http: Http,
  way: 'causes' | 'effects',
  id: string,
  { depth, limit, ...options }: GraphRequest,
): Promise<Graph> {
  const query = new URLSearchParams()
  if (depth !== undefined) query.set('depth', String(depth))
  if (limit !== undefined) query.set('limit', String(limit))
  const path = `v1/events/${encodeURIComponent(id)}/${way}`
  return (await http.call({ method: 'GET', path, query }, options)).body as Graph
}

export async function* correlated<S extends EventShape>(
  http: Http,
  id: string,
  options: CallOptions,
): AsyncGenerator<RecordedEvent<S>, void, void> {
  const path = `v1/correlations/${encodeURIComponent(id)}`
  let after: Position | null = 0
  while (after !== null) {
    const query: URLSearchParams = new URLSearchParams({ after: String(after) })
    const { body } = await http.call({ method: 'GET', path, query }, options)
    const page = body as { readonly events: readonly RecordedEvent<S>[]; readonly next: Position | null }
    yield* page.events
    after = page.next
  }
}
