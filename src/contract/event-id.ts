// Event ids, `{timestamp_ns}_{sequence}_{node_id}`: written, read strictly, ordered; and the timestamp they carry.

/** Timestamps are unsigned 64-bit nanoseconds, so the last one is in the year 2554. */
export const TIMESTAMP_MAX = 2n ** 64n - 1n
/** Sequences are unsigned 32-bit. */
export const SEQUENCE_MAX = 2 ** 32 - 1

const NS_PER_SECOND = 1_000_000_000n
const SHAPE = /^(0|[1-9][0-9]{0,19})_(0|[1-9][0-9]{0,9})_([A-Za-z0-9.-]{1,32})$/
const NODE_ID = /^[A-Za-z0-9.-]{1,32}$/

export interface IdParts {
  readonly timestampNs: bigint
  readonly sequence: number
  readonly nodeId: string
}

/** The underscore separates the parts of an id, so a node's name cannot hold one. */
export function isNodeId(text: string): boolean {
  return NODE_ID.test(text)
}

export function formatId(timestampNs: bigint, sequence: number, nodeId: string): string {
  return `${timestampNs}_${sequence}_${nodeId}`
}

/** Undefined for everything `formatId` cannot have written: each id has one spelling. */
export function parseId(text: string): IdParts | undefined {
  const parts = SHAPE.exec(text)
  if (parts === null) return undefined
  const timestampNs = BigInt(parts[1] as string)
  const sequence = Number(parts[2])
  if (timestampNs > TIMESTAMP_MAX || sequence > SEQUENCE_MAX) return undefined
  return { timestampNs, sequence, nodeId: parts[3] as string }
}

export function isEventId(text: string): boolean {
  return parseId(text) !== undefined
}

/** Negative, zero or positive, by timestamp, then sequence, then node. */
export function compareIds(a: IdParts, b: IdParts): number {
  if (a.timestampNs !== b.timestampNs) return a.timestampNs < b.timestampNs ? -1 : 1
  if (a.sequence !== b.sequence) return a.sequence < b.sequence ? -1 : 1
  if (a.nodeId === b.nodeId) return 0
  return a.nodeId < b.nodeId ? -1 : 1
}

// Neighbouring events share their second, so its text is kept from one call to the next.
let cachedSecondNs = -NS_PER_SECOND
let cachedPrefix = ''
// The events of one append share the whole text.
let cachedNs = -1n
let cachedText = ''

/** RFC 3339 in UTC with nine decimals; throws a RangeError for a timestamp that no id can hold. */
export function formatTimestamp(timestampNs: bigint): string {
  if (timestampNs === cachedNs) return cachedText
  if (timestampNs < 0n || timestampNs > TIMESTAMP_MAX) {
    throw new RangeError(`a timestamp is 0 to ${TIMESTAMP_MAX} ns, not ${timestampNs}`)
  }
  let nanoseconds = Number(timestampNs - cachedSecondNs)
  if (nanoseconds < 0 || nanoseconds >= 1e9) {
    const second = timestampNs / NS_PER_SECOND
    cachedPrefix = new Date(Number(second) * 1000).toISOString().slice(0, 20)
    cachedSecondNs = second * NS_PER_SECOND
    nanoseconds = Number(timestampNs - cachedSecondNs)
  }
  cachedText = `${cachedPrefix}${String(nanoseconds).padStart(9, '0')}Z`
  cachedNs = timestampNs
  return cachedText
}
