// What the index of one segment answers: where its events lie, and which of them carry a term.

/** Kinds are small integers, 0 to 7, whose meaning only the caller knows. */
export const KIND_COUNT = 8

/** Which kinds get more than an exact lookup, as bit `1 << kind` of each mask. Every index file holds it. */
export interface TermKinds {
  /** Kinds whose texts are kept and can be listed, so that a glob can be matched against them. */
  readonly enumerable: number
  /** Kinds with a filter that rules most absent terms out without a lookup. */
  readonly filtered: number
}

export interface Postings {
  /** Events of the segment; their ordinals are 0 to `count - 1`. */
  readonly count: number
  /** Where the entry of the event starts in the log file. */
  offset(ordinal: number): number
  /** Where the entry ends: the start of the next entry or of what follows the last entry of a frame. */
  end(ordinal: number): number
  /**
   * The ordinals of the events with this term, ascending. Sealed postings know terms by a 64-bit hash only and may name
   * events without the term, so verify each. The array is valid until the next change of the postings and must not be
   * written to.
   */
  ordinals(kind: number, text: string): Uint32Array
  /** The greatest of them, or the greatest less than `below`; -1 if there is none. It has to be verified as well. */
  last(kind: number, text: string, below?: number): number
  /** False only if no event has the term. Cheap for filtered kinds; for the others a sealed index returns true. */
  mayContain(kind: number, text: string): boolean
  /** Every text of an enumerable kind, once each. Sealed postings give them in the order of their UTF-16 code units. */
  texts(kind: number): Iterable<string>
}

export const NO_ORDINALS = new Uint32Array(0)

export function kindIn(mask: number, kind: number): boolean {
  return ((mask >>> kind) & 1) === 1
}

export function requireOrdinal(ordinal: number, count: number): void {
  if (!(ordinal >= 0 && ordinal < count)) throw new RangeError(`no event ${ordinal} in a segment of ${count}`)
}

export function requireEnumerable(kinds: TermKinds, kind: number): void {
  if (!kindIn(kinds.enumerable, kind)) throw new RangeError(`the texts of kind ${kind} are not kept`)
}
