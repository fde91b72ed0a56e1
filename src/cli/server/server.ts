// A running server as the commands speak to it: the client library, plain requests for what it has not, and one kind of error.
import { Lighthouse, LighthouseError } from '#client'
import { ERRORS, type ErrorCode } from '../../contract/errors.js'
import type { Terminal } from '../command.js'
import { notOurs, unanswered } from '../no-answer.js'
import { Refused, Usage } from '../usage-error.js'
import { type Address, addressFor, type Wish } from './address.js'

interface PlainRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly body?: unknown
  readonly query?: Readonly<Record<string, string | undefined>>
}

interface Problem {
  readonly code?: string
  readonly title?: string
  readonly detail?: string
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[]
}

const TIMEOUT_MS = 30_000

type Patience = { readonly attempts: number; readonly longestDelayMs: number } | false

/** A person waits for the answer, and is told at once why there is none. */
const NONE: Patience = false

/** For what goes on by itself: many appends, and a tail. */
export const PATIENT: Patience = { attempts: 20, longestDelayMs: 2_000 }

export class Server {
  readonly lighthouse: Lighthouse

  constructor(
    readonly address: Address,
    retry: Patience,
  ) {
    const { url, token } = address
    this.lighthouse = new Lighthouse({ url, token, retry })
  }

  /** The answer of a route that the library has no call for; undefined where it has no body. */
  async ask<T>(path: string, { method = 'GET', body, query = {} }: PlainRequest = {}): Promise<T> {
    const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined)
    const url = new URL(path, this.address.url.endsWith('/') ? this.address.url : `${this.address.url}/`)
    url.search = new URLSearchParams(given).toString()
    const answer = await fetch(url, {
      method,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        accept: 'application/json',
        authorization: `Bearer ${await this.address.token()}`,
        ...(body === undefined ? undefined : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? undefined : { body: JSON.stringify(body) }),
    }).catch((error: unknown) => {
      throw unanswered(this.address, error)
    })
    const text = await answer.text()
    const said = parsed(text)
    if (answer.ok) return said as T
    const problem = (said ?? {}) as Problem
    if (problem.code === undefined) throw notOurs(this.address, answer.status)
    throw refusal(problem)
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export async function withServer<T>(
  wish: Wish,
  terminal: Terminal,
  work: (server: Server) => Promise<T>,
  patience = NONE,
): Promise<T> {
  const address = await addressFor(wish, terminal.env ?? process.env)
  try {
    // A token that cannot be made is told before anything is asked with it.
    await address.token()
    return await work(new Server(address, patience))
  } catch (error) {
    if (!(error instanceof LighthouseError)) throw error
    if (error.code === 'NETWORK') throw unanswered(address, error.cause ?? error)
    if (error.code === 'BAD_ANSWER') throw notOurs(address, error.status)
    throw refusal(error)
  }
}

/** The detail of a problem names its title and its remedy already; what is wrong with each field says more than both. */
function refusal({ code = '', title = code, detail = title, errors = [] }: Problem): Error {
  const findings = errors.map(({ pointer, detail: what }) => `\n  ${pointer} ${what}`).join('')
  const whole = detail.startsWith(title) ? detail : `${title}: ${detail}`
  const text = findings === '' ? whole : `${title}:${findings}`
  // What the server cannot understand was typed so.
  if (code.startsWith('INVALID_') || code === 'MALFORMED_BODY') return new Usage(text)
  const remedy = Object.hasOwn(ERRORS, code) ? ERRORS[code as ErrorCode].remedy : ''
  // The detail ends with the remedy, which stands in a line of its own here.
  const what = text.endsWith(remedy) ? text.slice(0, text.length - remedy.length).trim() : text
  return new Refused(code, what, HERE[code] ?? (remedy || undefined))
}

/** What to do next where the remedy of the catalogue speaks of requests. */
const HERE: Readonly<Record<string, string>> = {
  UNAUTHENTICATED:
    'Give a token that is valid now: --token, LIGHTHOUSE_TOKEN or a context; lighthouse token makes one.',
  FORBIDDEN: 'lighthouse whoami says what the token may do; an operator makes one that may more.',
  NOT_FOUND: 'Check the name; what a token may not read does not exist for it.',
}
