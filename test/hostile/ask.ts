// One HTTP request of a load generator: as cheap as can be, answered with a status, a code and a time, never with an exception.
import { Agent, type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http'

export interface Question {
  readonly url: string
  readonly path: string
  readonly method?: string
  readonly token?: string | undefined
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string
  readonly timeoutMs?: number
}

export interface Answer {
  /** 0 when there was none. */
  readonly status: number
  /** `201`, `429 WORK_LIMIT`, `ECONNRESET`, `no answer in time`. */
  readonly label: string
  readonly text: string
}

const TIMEOUT_MS = 60_000
const KEPT_CHARS = 64 * 1024

const lines = new Agent({ keepAlive: true, maxSockets: 4_096, maxFreeSockets: 64 })

export function endLines(): void {
  lines.destroy()
}

export function ask({ url, path, method, token, headers, body, timeoutMs = TIMEOUT_MS }: Question): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>()
  const all = {
    ...(token === undefined ? undefined : { authorization: `Bearer ${token}` }),
    ...(body === undefined
      ? undefined
      : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    ...headers,
  }
  const failed = (error: NodeJS.ErrnoException) => {
    clearTimeout(timer)
    resolve({ status: 0, label: error.code ?? error.message, text: '' })
  }
  const sent = request(url + path, {
    agent: lines,
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: all,
  })
  const timer = setTimeout(() => sent.destroy(new Error('no answer in time')), timeoutMs)
  sent.on('error', failed).on('response', (answer: IncomingMessage) => {
    let text = ''
    answer.setEncoding('utf8')
    answer.on('error', failed)
    answer.on('data', (piece: string) => {
      if (text.length < KEPT_CHARS) text += piece
    })
    answer.on('end', () => {
      clearTimeout(timer)
      const status = answer.statusCode ?? 0
      resolve({ status, label: labelOf(status, text), text })
    })
  })
  sent.end(body)
  return promise
}

function labelOf(status: number, text: string): string {
  const code = status >= 400 ? /"code":"(\w+)"/.exec(text)?.[1] : undefined
  return code === undefined ? String(status) : `${status} ${code}`
}

/** For the pace of a load: no test waits for anything with it. */
export function after(milliseconds: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  setTimeout(resolve, Math.max(0, milliseconds))
  return promise
}
