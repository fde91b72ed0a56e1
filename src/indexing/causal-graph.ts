// Walks from an event to its ancestors or descendants, level by level and within limits; look-ups are passed in.
import type { RecordedEvent } from '../contract/event.js'
import { causesOf } from '../contract/filter.js'

export interface GraphNode {
  readonly id: string
  /** Steps from the first event. */
  readonly depth: number
  /** Undefined when there is no such event, or the token may not read it; the two must look the same. */
  readonly event: RecordedEvent | undefined
}

export interface GraphLink {
  readonly cause: string
  readonly effect: string
  /** `causation`: by `causationId`; `parent`: only by `parents`. */
  readonly by: 'causation' | 'parent'
}

export interface Graph {
  readonly nodes: readonly GraphNode[]
  readonly links: readonly GraphLink[]
  /** False when a limit ended the walk, so that there may be more. */
  readonly complete: boolean
}

export interface GraphLimits {
  readonly depth: number
  /** Does not count the first event. */
  readonly nodes: number
}

/** Finds an event by id, among those the caller may read. */
export type Find = (id: string) => Promise<RecordedEvent | undefined>
/** Finds events that name one of the ids as a cause, among those the caller may read, in the order of positions. */
export type FindEffects = (ids: readonly string[], limit: number) => Promise<readonly RecordedEvent[]>

export async function causesGraph(first: RecordedEvent, find: Find, limits: GraphLimits): Promise<Graph> {
  const nodes = new Map<string, GraphNode>([[first.id, { id: first.id, depth: 0, event: first }]])
  const links: GraphLink[] = []
  let level: readonly RecordedEvent[] = [first]
  let complete = true
  for (let depth = 1; level.length > 0; depth++) {
    const wanted = new Set<string>()
    for (const event of level) {
      for (const cause of causesOf(event)) {
        if (depth > limits.depth || nodes.size + wanted.size > limits.nodes) {
          // A limit adds no node, but a link between nodes that are included already is still added.
          const inPicture = nodes.has(cause) || wanted.has(cause)
          complete &&= inPicture
          if (!inPicture) continue
        }
        links.push({ cause, effect: event.id, by: event.causationId === cause ? 'causation' : 'parent' })
        if (!nodes.has(cause)) wanted.add(cause)
      }
    }
    const found: RecordedEvent[] = []
    for (const { id, event } of await lookUp([...wanted], find)) {
      nodes.set(id, { id, depth, event })
      if (event !== undefined) found.push(event)
    }
    level = found
  }
  return { nodes: [...nodes.values()], links, complete }
}

const LOOKED_UP_TOGETHER = 64

async function lookUp(ids: readonly string[], find: Find): Promise<{ id: string; event: RecordedEvent | undefined }[]> {
  const found: { id: string; event: RecordedEvent | undefined }[] = []
  for (let from = 0; from < ids.length; from += LOOKED_UP_TOGETHER) {
    const some = ids.slice(from, from + LOOKED_UP_TOGETHER)
    found.push(...(await Promise.all(some.map(async id => ({ id, event: await find(id) })))))
  }
  return found
}

export async function effectsGraph(first: RecordedEvent, find: FindEffects, limits: GraphLimits): Promise<Graph> {
  const nodes = new Map<string, GraphNode>([[first.id, { id: first.id, depth: 0, event: first }]])
  const links: GraphLink[] = []
  let level: readonly string[] = [first.id]
  let complete = true
  for (let depth = 1; level.length > 0; depth++) {
    const room = depth > limits.depth ? 0 : limits.nodes + 1 - nodes.size
    // Up to `nodes.size` of them may be included already; one beyond `room` shows that the graph is incomplete.
    const found = await find(level, nodes.size + room + 1)
    const next: string[] = []
    for (const event of found) {
      const isNew = !nodes.has(event.id)
      if (isNew && next.length >= room) {
        complete = false
        continue
      }
      if (isNew) {
        nodes.set(event.id, { id: event.id, depth, event })
        next.push(event.id)
      }
      links.push(...linksTo(event, level))
    }
    level = next
  }
  return { nodes: [...nodes.values()], links, complete }
}

/** The links of one event to those of its causes that are among `causes`. */
export function linksTo(event: RecordedEvent, causes: readonly string[]): GraphLink[] {
  const known = new Set(causes)
  return causesOf(event)
    .filter(cause => known.has(cause))
    .map(cause => ({ cause, effect: event.id, by: event.causationId === cause ? 'causation' : 'parent' }))
}
