// Decides whether an append is stored, repeats another or conflicts, given what is already assigned. Pure.
import type { Violation } from '../contract/errors.js'
import type { Expectation } from '../contract/event-store.js'
import { revisionHolds } from '../contract/expected-revision.js'
import type { PreparedAppend } from './append-request.js'
import type { Keyed } from './record.js'

/** Answers from what is already assigned, events in flight included. Only the backend knows how its `Search` works. */
export interface AssignedView<Search> {
  /** -1 for a stream without events. */
  streamRevision(stream: string): number
  /** The first event of the append stored under this key within the last 24 h. */
  keyed(agentId: string, key: string): { readonly position: number; readonly keyed: Keyed } | undefined
  firstMatch(search: Search): Match | undefined | typeof UNKNOWN
}

export interface Match {
  readonly id: string
  readonly position: number
  readonly type: string
}

/** The search takes longer than the writer may let others wait. */
export const UNKNOWN = 'unknown'

export type Decision =
  | { readonly kind: 'store' }
  | { readonly kind: 'duplicate'; readonly position: number; readonly events: number }
  | { readonly kind: 'key-reused' }
  | { readonly kind: 'conflict'; readonly violations: readonly Violation[] }
  | { readonly kind: 'undecided' }

export const STORE: Decision = { kind: 'store' }
const UNDECIDED: Decision = { kind: 'undecided' }

export interface Asked<Search> extends Pick<PreparedAppend, 'request' | 'requestHash' | 'spelledHash'> {
  /** Undefined without a condition. */
  readonly search: Search | undefined
}

/** The key comes first, because a repeated request gets its first answer even though the stream has moved since. */
export function decide<Search>(asked: Asked<Search>, view: AssignedView<Search>): Decision {
  const { request, requestHash, search } = asked
  if (request.key !== undefined && requestHash !== undefined) {
    const known = view.keyed(request.author.agentId, request.key)
    if (known !== undefined) {
      return isSame(known.keyed, asked)
        ? { kind: 'duplicate', position: known.position, events: known.keyed.events }
        : { kind: 'key-reused' }
    }
  }
  const { expectations } = request
  if (expectations === undefined && search === undefined) return STORE
  const match = search === undefined ? undefined : view.firstMatch(search)
  if (match === UNKNOWN) return UNDECIDED
  const violations = brokenExpectations(expectations ?? [], view)
  if (match !== undefined) {
    violations.push({ kind: 'condition', id: match.id, position: match.position, type: match.type })
  }
  return violations.length === 0 ? STORE : { kind: 'conflict', violations }
}

function isSame({ requestHash: stored }: Keyed, { requestHash, spelledHash }: Asked<unknown>): boolean {
  const isThis = (hash: Uint8Array | undefined) => hash !== undefined && Buffer.compare(stored, hash) === 0
  return isThis(requestHash) || isThis(spelledHash)
}

function brokenExpectations(
  expectations: readonly Expectation[],
  view: Pick<AssignedView<never>, 'streamRevision'>,
): Violation[] {
  const broken: Violation[] = []
  for (const { stream, expectedRevision: expected } of expectations) {
    const actual = view.streamRevision(stream)
    if (!revisionHolds(expected, actual)) broken.push({ kind: 'revision', stream, expected, actual })
  }
  return broken
}
