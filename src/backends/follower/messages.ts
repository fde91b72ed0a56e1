// What crosses between a follower on one thread and the writer on another, and how it is packed for the way.
import { StoreError } from '../../contract/errors.js'
import type { Appended, AppendRequest, AppendTerms } from '../../contract/event-store.js'
import type { Lineage } from '../../contract/lineage.js'
import type { PreparedAppend } from '../../record/append-request.js'
import { type PackedError, packError, unpackError } from '../../threads/packed-error.js'
import type { WriterState } from './writer.js'

/** An append that was checked and encoded where it came in. */
export interface PackedAppend {
  readonly request: AppendRequest
  readonly payloads: Uint8Array<ArrayBuffer>
  /** Of each payload where it begins and ends, and how many bytes of it are `data`. */
  readonly spans: readonly number[]
  readonly requestHash: Uint8Array | undefined
  readonly spelledHash: Uint8Array | undefined
  readonly bytes: number
  readonly terms: Omit<AppendTerms, 'refusal'>
  readonly refusal: PackedError | undefined
}

export type Question =
  | { readonly id: number; readonly append: PackedAppend }
  | { readonly id: number; readonly settled: bigint }
  | { readonly id: number; readonly examine: number }

/** What is asked in one turn is one message. */
export type ToWriter = readonly Question[]

export interface Answer {
  readonly id: number
  readonly appended?: Appended
  readonly error?: PackedError
}

export interface ToFollower {
  /** Answers of one turn, to the questions with these numbers. */
  readonly answers?: readonly Answer[]
  /** When the head moved, by the clock that all threads have: `monotonicMs`. */
  readonly moved?: number
  /** Sent when it is another, and first of all. */
  readonly told?: WriterFacts
}

/** `performance.now` counts from the start of each thread; this does not. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

export interface WriterFacts {
  readonly state: WriterState
  readonly lineage: Lineage
  readonly owned: boolean
}

const PAYLOAD_NUMBERS = 3

export function packAppend(prepared: PreparedAppend, { refusal, ...terms }: AppendTerms = {}): PackedAppend {
  const { request, payloads, requestHash, spelledHash, bytes } = prepared
  // A copy of its own, because a buffer may be a part of a larger one, all of which would cross.
  const all = new Uint8Array(payloads.at(-1)?.to ?? 0)
  const first = payloads[0]
  if (first !== undefined) all.set(first.bytes.subarray(0, all.length))
  const spans = payloads.flatMap(({ from, to, dataBytes }) => [from, to, dataBytes])
  return {
    request,
    payloads: all,
    spans,
    requestHash: requestHash && Uint8Array.from(requestHash),
    spelledHash: spelledHash && Uint8Array.from(spelledHash),
    bytes,
    terms,
    refusal: refusal && packError(refusal),
  }
}

export function unpackAppend(packed: PackedAppend): { readonly prepared: PreparedAppend; readonly terms: AppendTerms } {
  const { request, payloads, spans, requestHash, spelledHash, bytes, terms, refusal } = packed
  const all = Buffer.from(payloads.buffer)
  const pieces = Array.from({ length: spans.length / PAYLOAD_NUMBERS }, (_, at) => {
    const [from = 0, to = 0, dataBytes = 0] = spans.slice(at * PAYLOAD_NUMBERS, (at + 1) * PAYLOAD_NUMBERS)
    return { bytes: all, from, to, dataBytes }
  })
  const prepared = { request, payloads: pieces, requestHash, spelledHash, bytes }
  const refused = refusal === undefined ? undefined : unpackError(refusal)
  return { prepared, terms: refused instanceof StoreError ? { ...terms, refusal: refused } : terms }
}
