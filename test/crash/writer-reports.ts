// What a writer process is ordered to do, and what it says about it on its output: one JSON text a line.
import { hash } from 'node:crypto'
import type { EmbeddedOptions } from '../../src/backends/embedded/options.js'
import type { ErrorCode } from '../../src/contract/errors.js'
import type { NewEvent } from '../../src/contract/event.js'
import type { AppendedEvent, AppendRequest } from '../../src/contract/event-store.js'

export interface WriterOrders {
  readonly directory: string
  /** Begins the name of each of its appends, so that no two lives of a store name two appends alike. */
  readonly name: string
  readonly seed: number
  readonly options: Omit<Partial<EmbeddedOptions>, 'disk' | 'clock' | 'observer' | 'directory'>
  /** How many appends are under way at the same time. */
  readonly writers: number
  /** Bytes of filler in the largest events. */
  readonly largest: number
  /** How many of the appends have such events. */
  readonly largeShare: number
  /** Waits for `go` on its input before it opens the store. */
  readonly waits: boolean
}

/** All of an append that is needed to ask for it again, and to know it again. */
export interface Asked {
  readonly append: string
  readonly streams: readonly string[]
  readonly sizes: readonly number[]
  readonly key?: string
}

export type Report =
  | { readonly is: 'ready' }
  | { readonly is: 'opening' }
  | { readonly is: 'unopened'; readonly code: string; readonly message: string }
  | { readonly is: 'open'; readonly ms: number; readonly tornBytes: number; readonly clean: boolean }
  | ({ readonly is: 'sent' } & Asked)
  | { readonly is: 'stored'; readonly append: string; readonly events: readonly AppendedEvent[] }
  | { readonly is: 'refused'; readonly append: string; readonly code: ErrorCode | 'UNKNOWN'; readonly message: string }
  | { readonly is: 'write-state'; readonly state: string }
  | { readonly is: 'closed' }

export type ReportKind = Report['is']

export function requestOf({ append, streams, sizes, key }: Asked): AppendRequest {
  const events = streams.map((stream, at) => draft(append, at, { stream, of: streams.length, size: sizes[at] ?? 0 }))
  return { events, author: { agentId: 'writer' }, ...(key === undefined ? {} : { key }) }
}

/** The same name gives the same bytes in every process: nobody has to keep what was sent. */
function draft(
  append: string,
  at: number,
  { stream, of, size }: { stream: string; of: number; size: number },
): NewEvent {
  const grain = hash('sha256', `${append}/${at}`)
  const filler = grain.repeat(Math.ceil(size / grain.length)).slice(0, size)
  return { type: at === 0 ? 'begun' : 'continued', stream, data: { append, at, of, filler } }
}
