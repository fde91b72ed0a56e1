// Compares an index file with the log it was made from, answer by answer.
import { ActivePostings } from './active-postings.js'
import { IndexDamaged } from './index-format.js'
import { KIND_COUNT, kindIn, type TermKinds } from './postings.js'
import type { SealedPostings } from './sealed-postings.js'
import { TimeSlice } from './time-slice.js'

/** The index of a fresh scan. It also keeps every text, because the other index can only be queried by text. */
export class FreshPostings extends ActivePostings {
  readonly terms: readonly Set<string>[]

  constructor(kinds: TermKinds) {
    super(kinds)
    this.terms = Array.from({ length: KIND_COUNT }, () => new Set<string>())
  }

  override term(ordinal: number, kind: number, text: string): void {
    this.terms[kind]?.add(text)
    super.term(ordinal, kind, text)
  }

  override termIn(ordinal: number, kind: number, bytes: Buffer, from: number, to: number): void {
    this.term(ordinal, kind, bytes.toString('utf8', from, to))
  }
}

/** `damaged`: the file itself shows it, so it would be rebuilt. `wrong`: the file would have been believed. */
export type IndexFault = { readonly damaged: string } | { readonly wrong: string }

export async function compareIndex(
  found: SealedPostings,
  fresh: FreshPostings,
  blocks: Uint32Array,
): Promise<IndexFault | undefined> {
  const pace = new TimeSlice(() => new Promise(setImmediate))
  try {
    for (const difference of differences(found, fresh, blocks)) {
      if (difference !== undefined) return { wrong: difference }
      if (pace.due) await pace.rest()
    }
    return undefined
  } catch (error) {
    if (error instanceof IndexDamaged) return { damaged: error.reason }
    throw error
  }
}

/** Yields undefined for every comparison that held, so that the caller can let others run between them. */
function* differences(found: SealedPostings, fresh: FreshPostings, blocks: Uint32Array): Generator<string | undefined> {
  if (found.count !== fresh.count) yield `it has ${found.count} events, the log ${fresh.count}`
  for (let ordinal = 0; ordinal < fresh.count; ordinal++) {
    const same = found.offset(ordinal) === fresh.offset(ordinal) && found.end(ordinal) === fresh.end(ordinal)
    yield same ? undefined : `it places event ${ordinal} elsewhere than the log does`
  }
  for (let kind = 0; kind < KIND_COUNT; kind++) yield* termDifferences(found, fresh, kind)
  const checksums = found.blockChecksums()
  const same = checksums.length === blocks.length && checksums.every((checksum, at) => checksum === blocks[at])
  yield same ? undefined : 'its checksums of the log are not those of the log'
}

function* termDifferences(found: SealedPostings, fresh: FreshPostings, kind: number): Generator<string | undefined> {
  for (const text of fresh.terms[kind] ?? []) {
    const wanted = fresh.ordinals(kind, text)
    const answer = found.ordinals(kind, text)
    const same = wanted.length === answer.length && wanted.every((ordinal, at) => ordinal === answer[at])
    const whole = same && found.mayContain(kind, text) && found.last(kind, text) === wanted.at(-1)
    yield whole ? undefined : `its answer for a term of kind ${kind} is not that of the log`
  }
  if (!kindIn(fresh.kinds.enumerable, kind)) return
  const listed = [...found.texts(kind)]
  const wanted = fresh.terms[kind] ?? new Set()
  const same = listed.length === wanted.size && listed.every(text => wanted.has(text))
  yield same ? undefined : `its list of the texts of kind ${kind} is not that of the log`
}
