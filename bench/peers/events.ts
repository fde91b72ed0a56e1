// The work that every system is given: the same events, in the same order, and no stream that two clients write to at once.
import type { JsonObject } from '../../src/contract/event.js'
import { makeEvents } from '../engine/workload.js'

export const BATCH = 100
export const BATCH_CLIENTS = 8

const STREAMS = 256
const SINGLES = 8 * STREAMS
const BATCHES = 3 * BATCH_CLIENTS

export interface PeerEvent {
  readonly type: string
  readonly stream: string
  readonly data: JsonObject
  readonly tags: readonly string[]
  readonly correlationId: string
}

function inStreams(count: number, streamOf: (at: number) => string): readonly PeerEvent[] {
  return makeEvents({ count, seed: 15 }).map(({ type, data, tags = [], correlationId = 'none' }, at) => {
    return { type, stream: streamOf(at), data: data as JsonObject, tags, correlationId }
  })
}

const SINGLE_EVENTS = inStreams(SINGLES, at => `agent-${at % STREAMS}`)
const BATCHED_EVENTS = inStreams(BATCHES * BATCH, at => `batch-${Math.floor(at / BATCH) % BATCH_CLIENTS}`)

/** Something prepared for each event, so that preparing it is no part of what is measured. */
export function eachSingle<T>(make: (event: PeerEvent) => T): (client: number, turn: number, clients: number) => T {
  const made = SINGLE_EVENTS.map(make)
  return (client, turn, clients) => made[(client + turn * clients) % SINGLES] as T
}

export function eachBatch<T>(make: (events: readonly PeerEvent[]) => T): (client: number, turn: number) => T {
  const made = Array.from({ length: BATCHES }, (_, at) => make(BATCHED_EVENTS.slice(at * BATCH, (at + 1) * BATCH)))
  return (client, turn) => made[(client + turn * BATCH_CLIENTS) % BATCHES] as T
}

/** An event of the client's own stream of conditional appends. */
export function eachClaim<T>(clients: number, make: (event: PeerEvent) => T): (client: number, turn: number) => T {
  const made = SINGLE_EVENTS.map((event, at) => make({ ...event, stream: claimStream(at % clients) }))
  return (client, turn) => made[(client + turn * clients) % SINGLES] as T
}

export function claimStream(client: number): string {
  return `claim-${client}`
}

/** What is asked for when a stream, a type or a tag is read: some of the events that batches append. */
export const READ = { stream: 'batch-3', type: 'state.updated', tag: 'team:3' } as const

export const WATCHED = { type: 'watched', stream: 'watched' } as const
const FILLING = 'x'.repeat(940)

export function watchedData(number: number): { readonly number: number; readonly text: string } {
  return { number, text: FILLING }
}

/** Bytes of an event as JSON, on average. */
export const EVENT_BYTES = Math.round(
  SINGLE_EVENTS.reduce((sum, event) => sum + Buffer.byteLength(JSON.stringify(event)), 0) / SINGLES,
)
