// The rule of optimistic concurrency: whether a stream is at the revision that its writer expects.
import type { Revision } from './event.js'

export type ExpectedRevision = Revision | 'any' | 'none' | 'exists'

/** `actual` is -1 for a stream without events. */
export function revisionHolds(expected: ExpectedRevision, actual: Revision): boolean {
  if (expected === 'any') return true
  if (expected === 'none') return actual === -1
  if (expected === 'exists') return actual >= 0
  return expected === actual
}
