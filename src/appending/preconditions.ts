// Reads If-Match and If-None-Match as expectations of a stream's revision, which is its entity tag. Pure.
import { invalid, StoreError } from '../contract/errors.js'
import type { Revision } from '../contract/event.js'
import type { ExpectedRevision } from '../contract/expected-revision.js'

export interface PreconditionHeaders {
  readonly 'if-match'?: string | undefined
  readonly 'if-none-match'?: string | undefined
}

const MATCH_RULE = 'the header If-Match must be "<revision>" in quotes, or *'
const NONE_MATCH_RULE = 'the header If-None-Match of an append must be *'

/**
 * What the tags of a stream's answers name: its revision and, once retention has removed events of it, the first revision
 * that is left, because the same revision shows less then.
 */
export function streamState(revision: Revision, first: Revision): string {
  return first === 0 ? `${revision}` : `${revision}-from-${first}`
}

/** The expectation of an append; undefined when neither header is sent. Throws INVALID_REQUEST. */
export function expectedByHeaders(headers: PreconditionHeaders): ExpectedRevision | undefined {
  const { 'if-match': match, 'if-none-match': noneMatch } = headers
  if (match !== undefined && noneMatch !== undefined) throw invalid('', 'If-Match and If-None-Match exclude each other')
  if (noneMatch !== undefined) {
    if (noneMatch.trim() === '*') return 'none'
    throw invalid('', NONE_MATCH_RULE)
  }
  if (match === undefined) return undefined
  const expected = match.trim() === '*' ? 'exists' : revisionOf(match.trim())
  if (expected === undefined) throw invalid('', MATCH_RULE)
  return expected
}

/** The revision in a strong tag of any form, as this server makes them; undefined for others, weak ones among them. */
function revisionOf(tag: string): Revision | undefined {
  const digits = /^"(0|[1-9][0-9]{0,15})(?:-from-[1-9][0-9]{0,15})?(?:-[a-z]+)?"$/.exec(tag)?.[1]
  const revision = Number(digits)
  return digits !== undefined && Number.isSafeInteger(revision) ? revision : undefined
}

/** HTTP names a failed If-Match or If-None-Match differently; other errors are returned unchanged. */
export function asPrecondition(error: StoreError): StoreError {
  if (error.code !== 'REVISION_CONFLICT') return error
  const { violations, errors } = error
  return new StoreError('PRECONDITION_FAILED', error.message, { violations, errors, cause: error })
}
