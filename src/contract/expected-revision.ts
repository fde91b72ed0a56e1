// The rule of optimistic concurrency: does a stream stand where the writer believes it stands?
import type { Revision } from './event.js'

export type ExpectedRevision = Revision | 'any' | 'none' | 'exists'

/** `actual` is -1 for a stream without events. */
export function revisionHolds(expected: ExpectedRevision, actual: Revision): boolean {
  if (expected === 'any') return true
  if (expected === 'none') return actual === -1
  if (expected === 'exists') return actual >= 0
  return expected === actual
}
