// Why an append was not stored, in words: the expectations and the condition that did not hold.
import { type FieldError, StoreError, type Violation } from './errors.js'

/** One error for all of them; `errors` says what else there is to say. */
export function conflictOf(violations: readonly Violation[], errors: readonly FieldError[] = []): StoreError {
  const code = violations.some(({ kind }) => kind === 'revision') ? 'REVISION_CONFLICT' : 'CONDITION_FAILED'
  return new StoreError(code, violations.map(sentenceOf).join('; '), { violations, errors })
}

function sentenceOf(violation: Violation): string {
  return violation.kind === 'revision'
    ? `stream ${violation.stream} is at revision ${violation.actual}, expected ${violation.expected}`
    : `event ${violation.id} at position ${violation.position} of type ${violation.type} matches the condition`
}
