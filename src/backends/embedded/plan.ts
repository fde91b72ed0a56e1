// Finds, from the index alone, which ordinals of a part of a segment a filter can match.
import { compileStreams, type EventFilter, listOf, NARROWEST_FIRST } from '../../contract/filter.js'
import { compileGlobs, isGlob, type TextTest } from '../../contract/glob.js'
import { Turn } from '../../contract/turns.js'
import type { Postings } from './engine/index/postings.js'
import { between, intersection, OrdinalBits, union } from './ordinal-sets.js'
import { KIND, KIND_OF } from './terms.js'

/** Both ordinals are inclusive. */
export interface Part {
  readonly from: number
  readonly to: number
}

/** So few events are read and tested in less time than it takes to match a pattern against all names of a segment. */
const FEW_EVENTS = 128
/** Names matched between two readings of the clock. */
const NAMES_A_LOOK = 64

/**
 * Resolves with undefined when every event of the part is a candidate. Candidates may not match, so each must be
 * verified when it is read. Exact values are looked up first, because a pattern is matched against every name of the
 * segment.
 */
export async function candidates(
  postings: Postings,
  filter: EventFilter,
  part: Part,
): Promise<Uint32Array | undefined> {
  const lookup = new Lookup(postings, part)
  const { streams, types, causes, within } = filter
  const seen = seenStreams(streams, within)
  for (const { name, choice } of NARROWEST_FIRST) {
    const texts = name === 'streams' ? seen?.patterns : filter[name]
    if (texts === undefined) continue
    if (choice === 'all') for (const text of listOf(texts)) lookup.narrow(KIND_OF[name], text)
    else if (choice === 'any' || !listOf(texts).some(isGlob)) lookup.narrow(KIND_OF[name], texts)
  }
  // The list also holds events with the cause among their `parents`: reading decides for `causationId`.
  lookup.narrow(KIND.causation, causes)
  if (seen?.patterns.some(isGlob)) await lookup.narrowByPatterns(KIND.stream, seen)
  if (types?.some(isGlob)) await lookup.narrowByPatterns(KIND.type, { patterns: types, matches: compileGlobs(types) })
  return lookup.found
}

interface Patterns {
  readonly patterns: readonly string[]
  readonly matches: TextTest
}

/** Streams named exactly are held against `within` before anything is looked up, so hidden ones cost no look-up. */
function seenStreams(
  streams: readonly string[] | undefined,
  within: readonly string[] | undefined,
): Patterns | undefined {
  if (streams === undefined || within === undefined) {
    const patterns = streams ?? within
    return patterns && { patterns, matches: compileStreams(patterns) }
  }
  const seen = compileStreams(within)
  // When everything is wanted, what may be seen is the narrower side.
  if (streams.includes('*')) return { patterns: within, matches: seen }
  const patterns = streams.filter(pattern => isGlob(pattern) || seen(pattern))
  const asked = compileStreams(patterns)
  return { patterns, matches: name => asked(name) && seen(name) }
}

class Lookup {
  found: Uint32Array | undefined

  constructor(
    private readonly postings: Postings,
    private readonly part: Part,
  ) {}

  private get left(): number {
    return this.found?.length ?? this.part.to - this.part.from + 1
  }

  narrow(kind: number, texts: string | readonly string[] | undefined): void {
    // Once nothing is left, every further look-up would be in vain.
    if (texts === undefined || this.left === 0) return
    const list = typeof texts === 'string' ? this.clipped(kind, texts) : union(texts.map(of => this.clipped(kind, of)))
    this.keep(list)
  }

  /** `*` alone is not worth a list, though for streams it leaves out the service's own: reading verifies that. */
  async narrowByPatterns(kind: number, { patterns, matches }: Patterns): Promise<void> {
    if (this.left <= FEW_EVENTS || patterns.includes('*')) return
    const { postings } = this
    const turn = new Turn()
    const bits = new OrdinalBits(this.part.from, this.part.to)
    for (const pattern of patterns)
      if (!isGlob(pattern) && postings.mayContain(kind, pattern)) bits.add(this.clipped(kind, pattern))
    let names = 0
    for (const name of postings.texts(kind)) {
      if (matches(name)) bits.add(this.clipped(kind, name))
      if (++names % NAMES_A_LOOK === 0 && turn.isOver) await turn.next()
    }
    this.keep(bits.list())
  }

  private clipped(kind: number, text: string): Uint32Array {
    return between(this.postings.ordinals(kind, text), this.part.from, this.part.to + 1)
  }

  private keep(list: Uint32Array): void {
    this.found = this.found === undefined ? list : intersection([this.found, list])
  }
}
