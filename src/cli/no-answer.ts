// What the commands say of an address at which no server of ours answers.
import { codeOf } from '../contract/errors.js'
import { NoServer } from './usage-error.js'

interface Asked {
  readonly url: string
  /** Where the address comes from, for people. */
  readonly from: string
}

/** The cause of a fetch that failed knows why; where several addresses were tried, each has a cause of its own. */
export function unanswered({ url, from }: Asked, error: unknown): NoServer {
  const { cause = error } = error as { readonly cause?: unknown }
  const { errors: [first] = [] } = cause as { readonly errors?: readonly unknown[] }
  const code = codeOf(cause) ?? codeOf(first)
  const why = code === undefined ? '' : ` (${code})`
  const named = from === '--url' ? '--url URL' : '--server URL, or lighthouse context use NAME'
  return new NoServer(
    `Nothing answers at ${url}${why}, which comes from ${from}.\nNext: start a server with lighthouse dev, or name another: ${named}.`,
  )
}

/** A proxy or a web server, say. */
export function notOurs({ url }: Asked, status: number | undefined): NoServer {
  const what = status === undefined ? 'does not answer' : `answers ${status}, and not`
  return new NoServer(`${url} ${what} as Lighthouse does. Is it the address of a server?`)
}
