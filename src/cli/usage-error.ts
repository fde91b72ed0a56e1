// The error for a command line that is not understood; the whole usage is printed after it.
import { codeOf } from '../contract/errors.js'

export class Usage extends Error {}

/** Whether `parseArgs` has thrown this error. */
export function isMisspelt(error: unknown): error is Error {
  return codeOf(error)?.startsWith('ERR_PARSE_ARGS') === true
}
