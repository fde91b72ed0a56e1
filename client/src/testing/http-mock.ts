// A `fetch` for tests: it answers by itself or lets a real one answer, late or not at all, by patterns that a seed repeats.
import { pause } from '../retry.js'
import { Random } from './random.js'

/**
 * `refuse`: the request is never sent. `lose`: it is sent and done, and its answer is lost. `cut`: the answer breaks off
 * after so many bytes. `answer`: something in between answers instead, with a status and, if told, a time to wait.
 */
export type HttpFault =
  | { readonly kind: 'refuse' | 'lose' }
  | { readonly kind: 'cut'; readonly afterBytes: number }
  | { readonly kind: 'answer'; readonly status: number; readonly retryAfterSeconds?: number }

/** What becomes of one request. */
export interface HttpFate {
  readonly delayMs?: number | undefined
  readonly fault?: HttpFault | undefined
}

export interface HttpTurn {
  /** Of the request, from 1. */
  readonly number: number
  readonly method: string
  readonly url: URL
  readonly random: Random
}

/** Looks at each request in turn. Of several patterns the delays add up, and the first fault is the one. */
export type HttpPattern = (turn: HttpTurn) => HttpFate | undefined

export interface HttpMockOptions {
  readonly seed?: number | string | undefined
  readonly patterns?: readonly HttpPattern[] | undefined
  /** Answers; without it the platform's own fetch sends the requests to where they are meant. */
  readonly answer?: ((request: Request) => Response | Promise<Response>) | undefined
}

export interface HttpCall {
  readonly method: string
  readonly path: string
  readonly fault: HttpFault | undefined
  /** Undefined when no answer came to the caller. */
  status: number | undefined
}

export class HttpMock {
  /** All requests so far, oldest first. */
  readonly calls: HttpCall[] = []
  private readonly random: Random
  private readonly patterns: readonly HttpPattern[]

  constructor(private readonly options: HttpMockOptions = {}) {
    this.random = new Random(options.seed ?? 1)
    this.patterns = options.patterns ?? []
  }

  /** To be given to a client: `new Lighthouse({ url, token, fetch: mock.fetch })`. */
  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init)
    const url = new URL(request.url)
    const { method, signal } = request
    const { delayMs, fault } = this.fateOf({ number: this.calls.length + 1, method, url, random: this.random })
    const call: HttpCall = { method, path: url.pathname, fault, status: undefined }
    this.calls.push(call)
    if (delayMs > 0) await pause(delayMs, signal)
    const response = await this.answered(request, fault)
    call.status = response.status
    return response
  }

  private fateOf(turn: HttpTurn): { readonly delayMs: number; readonly fault: HttpFault | undefined } {
    const fates = this.patterns.map(pattern => pattern(turn))
    return {
      delayMs: fates.reduce((sum, fate) => sum + (fate?.delayMs ?? 0), 0),
      fault: fates.find(fate => fate?.fault !== undefined)?.fault,
    }
  }

  private async answered(request: Request, fault: HttpFault | undefined): Promise<Response> {
    const { answer = (asked: Request) => globalThis.fetch(asked) } = this.options
    switch (fault?.kind) {
      case 'refuse':
        throw new TypeError('the mock refused the connection')
      case 'answer': {
        const { status, retryAfterSeconds } = fault
        const headers = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }
        return new Response('answered by the mock', { status, headers })
      }
      case 'lose':
        await (await answer(request)).arrayBuffer()
        throw new TypeError('the mock lost the answer')
      case 'cut':
        return cut(await answer(request), fault.afterBytes)
      case undefined:
        return answer(request)
    }
  }
}

/** The same answer, whose body fails after so many bytes. */
async function cut(response: Response, afterBytes: number): Promise<Response> {
  const bytes = new Uint8Array(await response.arrayBuffer()).subarray(0, afterBytes)
  let begun = false
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      // An error takes back what is queued, so it waits until the bytes have been read.
      if (begun || bytes.length === 0) controller.error(new TypeError('the mock cut the answer off'))
      else controller.enqueue(bytes)
      begun = true
    },
  })
  const { status, headers } = response
  return new Response(body, {
    status,
    headers: new Headers([...headers].filter(([name]) => name !== 'content-length')),
  })
}

export interface Latency {
  readonly fromMs: number
  readonly toMs: number
  /** This share of answers takes `slowMs` longer; default none. */
  readonly slowShare?: number
  readonly slowMs?: number
}

export function latency({ fromMs, toMs, slowShare = 0, slowMs = 0 }: Latency): HttpPattern {
  return ({ random }) => ({ delayMs: random.between(fromMs, toMs) + (random.chance(slowShare) ? slowMs : 0) })
}

/** A share of requests fails, each by one of these faults. */
export function failures(share: number, faults: readonly HttpFault[]): HttpPattern {
  return ({ random }) => (random.chance(share) ? { fault: random.pick(faults) } : undefined)
}

/** The requests from one number to another, both included, fail. */
export function outage(from: number, to: number, fault: HttpFault = { kind: 'refuse' }): HttpPattern {
  return ({ number }) => (number >= from && number <= to ? { fault } : undefined)
}

/** The first request meets the first fate, the second the second; those behind the last have none. */
export function inTurn(fates: readonly (HttpFate | undefined)[]): HttpPattern {
  return ({ number }) => fates[number - 1]
}
