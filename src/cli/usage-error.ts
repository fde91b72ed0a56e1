// What is thrown at a command line that is not understood: the whole usage is printed behind it.
import { codeOf } from '../contract/errors.js'

export class Usage extends Error {}

/** Of an error of `parseArgs`. */
export function isMisspelt(error: unknown): error is Error {
  return codeOf(error)?.startsWith('ERR_PARSE_ARGS') === true
}
