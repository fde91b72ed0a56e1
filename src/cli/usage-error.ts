// What is thrown at a command line that is not understood: the whole usage is printed behind it.
export class Usage extends Error {}

/** Of an error of `parseArgs`. */
export function isMisspelt(error: unknown): error is Error {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' && code.startsWith('ERR_PARSE_ARGS')
}
