// Turns the expectations and the condition that did not hold into the error of an append that was not stored.
import { type FieldError, StoreError, type Violation } from './errors.js'

/** Makes one error of all violations; `errors` are added to it. */
export function conflictOf(violations: readonly Violation[], errors: readonly FieldError[] = []): StoreError {
  const code = violations.some(({ kind }) => kind === 'revision') ? 'REVISION_CONFLICT' : 'CONDITION_FAILED'
  return new StoreError(code, violations.map(sentenceOf).join('; '), { violations, errors })
}

function sentenceOf(violation: Violation): string {
  return violation.kind === 'revision'
    ? `stream ${violation.stream} is at revision ${violation.actual}, expected ${violation.expected}`
    : `event ${violation.id} at position ${violation.position} of type ${violation.type} matches the condition`
}
