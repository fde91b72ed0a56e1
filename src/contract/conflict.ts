// Turns the expectations and the condition that did not hold into the error of an append that was not stored.
import { type FieldError, StoreError, type Violation } from './errors.js'

/** Makes one error of all violations; `errors` are added to it. */
export function conflictOf(violations: readonly Violation[], errors: readonly FieldError[] = []): StoreError {
  const code = violations.some(({ kind }) => kind === 'revision') ? 'REVISION_CONFLICT' : 'CONDITION_FAILED'
  return new StoreError(code, violations.map(sentenceOf).join('; '), { violations, errors })
}

function sentenceOf(violation: Violation): string {
  if (violation.kind === 'condition')
    return `event ${violation.id} at position ${violation.position} of type ${violation.type} matches the condition`
  const { stream, actual, expected } = violation
  // A revision of -1 is the store's own spelling: no request may expect it, the word for it is none.
  const found = actual === -1 ? 'has no events (none)' : `is at revision ${actual}`
  return `stream ${stream} ${found}, expected ${expected}`
}
