// Sends HTTP requests with a token and a time limit, turns failures into one kind of error, and repeats failed tries.
import { type CallOptions, headersOf, Patience, unlessAborted } from './call.js'
import { LighthouseError, NetworkError, outcomeOf } from './errors.js'
import { hintForPage } from './page.js'
import { errorOfAnswer } from './problem.js'
import { pause, type Retry } from './retry.js'
import type { Tokens } from './tokens.js'
import type { Reply, Transport } from './transport.js'
import { unreachable } from './unreachable.js'

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** The path below the server's address, without a leading slash and with its parts already encoded. */
  readonly path: string
  readonly query?: URLSearchParams
  /** JSON text that is made once, because every try under one idempotency key must send the same bytes. */
  readonly body?: string
  readonly headers?: { readonly [name: string]: string }
  /** Added to the time limit of a try, because the server itself may wait this long before it answers. */
  readonly extraMs?: number
}

export interface Answer {
  readonly status: number
  readonly headers: Reply['headers']
  /** The parsed JSON; undefined when the answer has no body. */
  readonly body: unknown
}

export interface HttpSettings {
  readonly transport: Transport
  readonly timeoutMs: number
  readonly retry: Retry
}

/** After these failures of Node's requests, and of its own fetch, no byte can have reached the server, so an append was surely not stored. */
const NEVER_SENT: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'CONNECT_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
])

export class Http {
  constructor(
    private readonly address: URL,
    private readonly tokens: Tokens,
    private readonly settings: HttpSettings,
  ) {}

  get retry(): Retry {
    return this.settings.retry
  }

  /** A stream of lines may be silent for this long; it is never shorter than 60 s. */
  get silenceMs(): number {
    return Math.max(60_000, this.settings.timeoutMs)
  }

  /** Sends the request until it is answered, or until the error or the settings allow no further try. */
  call(request: HttpRequest, options: CallOptions = {}, onFailure?: (error: LighthouseError) => void): Promise<Answer> {
    return this.repeat(() => this.attempt(request, options), options.signal, onFailure)
  }

  /** Tries until a try succeeds or no further one is allowed. `onFailure` is called for every failure, the last too. */
  async repeat<T>(
    attempt: () => Promise<T>,
    signal: AbortSignal | undefined,
    onFailure: (error: LighthouseError) => void = () => undefined,
  ): Promise<T> {
    for (let failures = 1; ; failures++) {
      try {
        return await attempt()
      } catch (error) {
        if (!(error instanceof LighthouseError)) throw error
        onFailure(error)
        const delay = this.settings.retry.after(failures, error)
        if (delay === undefined) throw error
        await pause(delay, signal)
      }
    }
  }

  /** Deletes. To a try that follows one whose answer was lost, NOT_FOUND is a success, without an answer. */
  async remove(path: string, options: CallOptions = {}): Promise<Answer | undefined> {
    let perhapsDone = false
    try {
      return await this.call({ method: 'DELETE', path }, options, error => {
        perhapsDone ||= outcomeOf(error) === 'indeterminate'
      })
    } catch (error) {
      if (perhapsDone && error instanceof LighthouseError && error.code === 'NOT_FOUND') return undefined
      throw error
    }
  }

  /** Makes one try and resolves once the headers are there; the caller must read the body and end the `patience`. */
  async open(request: HttpRequest, options: CallOptions, patience: Patience): Promise<Reply> {
    const response = await this.send(request, options, patience.signal)
    if (response.ok) return response
    throw errorOfAnswer(response.status, response.headers, await whole(response))
  }

  /** One try. */
  async attempt(request: HttpRequest, options: CallOptions): Promise<Answer> {
    const patience = new Patience(options.signal, this.settings.timeoutMs + (request.extraMs ?? 0))
    try {
      const response = await this.send(request, options, patience.signal)
      const { status, headers } = response
      const text = await whole(response)
      patience.done()
      if (!response.ok) throw errorOfAnswer(status, headers, text)
      return { status, headers, body: text === '' ? undefined : parsed(text, status) }
    } catch (error) {
      const reason = patience.reasonFor(error)
      patience.end()
      throw reason
    }
  }

  /** A refused token is replaced once and the request sent again at once; a second refusal is the answer of the try. */
  private async send(request: HttpRequest, options: CallOptions, signal: AbortSignal): Promise<Reply> {
    const token = await this.token(signal)
    const response = await this.sendWith(token, request, options, signal)
    if (response.status !== 401 || !this.tokens.renewable) return response
    await this.tokens.refused(token)
    const next = await this.token(signal)
    if (next === token) return response
    await response.body?.cancel()
    return this.sendWith(next, request, options, signal)
  }

  /** The token function may hang, so waiting for it ends with the signal of this try. */
  private async token(signal: AbortSignal): Promise<string> {
    try {
      return await unlessAborted(signal, this.tokens.current())
    } catch (cause) {
      signal.throwIfAborted()
      throw new LighthouseError('UNAUTHENTICATED', 'The token function failed.', { cause, retryable: true })
    }
  }

  private async sendWith(
    token: string,
    { method, path, query, body, headers }: HttpRequest,
    { context }: CallOptions,
    signal: AbortSignal,
  ): Promise<Reply> {
    const url = new URL(path, this.address)
    if (query !== undefined) url.search = query.toString()
    const { transport } = this.settings
    try {
      return await transport(url, {
        method,
        signal,
        headers: {
          authorization: `Bearer ${token}`,
          accept: 'application/json',
          ...(body === undefined ? undefined : { 'content-type': 'application/json' }),
          ...headersOf(context),
          ...headers,
        },
        ...(body === undefined ? undefined : { body }),
      })
    } catch (error) {
      throw unanswered(url, error)
    }
  }
}

async function whole(response: Reply): Promise<string> {
  try {
    return await response.text()
  } catch (error) {
    throw new NetworkError('The answer was cut off.', { cause: error })
  }
}

function unanswered(url: URL, error: unknown): NetworkError {
  const { code, cause } = error as { readonly code?: unknown; readonly cause?: { readonly code?: unknown } }
  const outcome = NEVER_SENT.has(code ?? cause?.code) ? 'rejected' : undefined
  return new NetworkError(`No answer from ${unreachable(url, error, 'the connection failed')}.${hintForPage(url)}`, {
    cause: error,
    outcome,
  })
}

function parsed(text: string, status: number): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new LighthouseError('BAD_ANSWER', `The answer ${status} is not JSON.`, { status, cause: error })
  }
}
