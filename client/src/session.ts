// One WebSocket from its opening to its end: it authenticates, passes frames on, and detects a dead connection.
import { LighthouseError, NetworkError } from './errors.js'
import type { Frame } from './lines.js'
import { hintForPage } from './page.js'
import { unreachable } from './unreachable.js'

/** The part of a WebSocket that is used, which browsers, Node from 22 on and the package `ws` all have. */
export interface WebSocketLike {
  send(text: string): void
  close(code?: number): void
  addEventListener(type: 'open', listener: () => void): void
  /** What an error tells differs: the package `ws` names the system's, others nothing. */
  addEventListener(type: 'error', listener: (event: object) => void): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
  addEventListener(type: 'close', listener: (event: { readonly code: number; readonly reason: string }) => void): void
}

export type WebSocketClass = new (url: string, protocols: string[]) => WebSocketLike

export interface Listener {
  welcome(frame: Frame): void
  frame(frame: Frame, chars: number): void
  /** Called once, when the session ends by itself; never called after `leave`. */
  ended(ending: Ending): void
}

export interface Ending {
  /** The close code; 1006 when the connection broke without one. */
  readonly code: number
  readonly error: LighthouseError
  /** Whether the server had accepted the token before the end. */
  readonly welcomed: boolean
}

export interface SessionSettings {
  readonly url: string
  readonly token: string
  /** Limits the wait for the welcome, and the wait for an answer to a ping. */
  readonly timeoutMs: number
}

/** The server sends a heartbeat every 15 s, so a longer silence is a reason to send a ping. */
const QUIET_MS = 20_000

const PROTOCOL = 'lighthouse.v1.json'

export class Session {
  private readonly socket: WebSocketLike
  private timer: ReturnType<typeof setTimeout>
  private heardAt = 0
  private opened = false
  private welcomed = false
  private over = false
  private failure: unknown
  /** What the server reported last before it closed: the reason that a close code alone does not give. */
  private lastWords: string | undefined

  constructor(
    WebSocket: WebSocketClass,
    private readonly settings: SessionSettings,
    private readonly listener: Listener,
  ) {
    const { url, token, timeoutMs } = settings
    this.socket = new WebSocket(url, [PROTOCOL])
    this.socket.addEventListener('open', () => {
      this.opened = true
      this.send({ type: 'auth', token })
    })
    this.socket.addEventListener('message', ({ data }) => this.hear(data))
    this.socket.addEventListener('close', ({ code, reason }) => this.end(code, reason))
    // A close event always follows and carries the code. Without a listener, the package `ws` would throw.
    this.socket.addEventListener('error', event => {
      this.failure = (event as { readonly error?: unknown }).error
    })
    this.timer = setTimeout(() => this.giveUp(`No welcome within ${timeoutMs} ms`), timeoutMs)
  }

  get open(): boolean {
    return this.welcomed && !this.over
  }

  send(frame: object | string): void {
    if (!this.over) this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame))
  }

  /** Closes the session without a call of `ended`. */
  leave(): void {
    if (this.over) return
    this.over = true
    clearTimeout(this.timer)
    this.socket.close(1000)
  }

  private hear(data: unknown): void {
    if (this.over) return
    this.heardAt = Date.now()
    const frame = frameOf(data)
    if (frame === undefined) this.giveUp('What came is not a frame')
    else if (frame.type === 'welcome' && !this.welcomed) this.begin(frame)
    else if (frame.type === 'goaway') this.lastWords = String(frame['reason'])
    else if (frame.type === 'error' && frame['id'] === undefined) this.lastWords = detailOf(frame['problem'])
    else if (frame.type !== 'heartbeat') this.listener.frame(frame, (data as string).length)
  }

  private begin(frame: Frame): void {
    this.welcomed = true
    clearTimeout(this.timer)
    this.watch(Math.min(QUIET_MS, this.settings.timeoutMs))
    this.listener.welcome(frame)
  }

  /** Uses one timer instead of one per frame: when it fires, it compares the time of the last frame. */
  private watch(ms: number): void {
    const { timeoutMs } = this.settings
    const quietMs = Math.min(QUIET_MS, timeoutMs)
    this.timer = setTimeout(() => {
      const silence = Date.now() - this.heardAt
      if (silence >= quietMs + timeoutMs) this.giveUp(`Nothing has come for ${silence} ms`)
      else if (silence < quietMs) this.watch(quietMs - silence)
      else {
        this.send({ type: 'ping' })
        this.watch(quietMs + timeoutMs - silence)
      }
    }, ms)
  }

  private giveUp(why: string): void {
    /** Ends the session itself, because the close event of a dead connection may be long in coming. */
    this.socket.close(1000)
    this.end(1006, why)
  }

  private end(code: number, reason: string): void {
    if (this.over) return
    this.over = true
    clearTimeout(this.timer)
    const { welcomed } = this
    this.listener.ended({ code, welcomed, error: this.errorOf(code, reason) })
  }

  private errorOf(code: number, reason: string): LighthouseError {
    const said = this.lastWords ?? reason
    const known = CLOSE_CODES[code]
    if (known !== undefined) {
      return new LighthouseError(known.code, sentence(known.detail, said), { retryable: known.retryable })
    }
    const { failure } = this
    const { url } = this.settings
    const what =
      this.opened || said !== ''
        ? sentence(`The connection to ${url} broke (${code})`, said)
        : `No connection to ${unreachable(new URL(url), failure, 'refused, or nothing answers there')}.`
    const hint = this.welcomed ? '' : hintForPage(url)
    return new NetworkError(`${what}${hint}`, { cause: failure })
  }
}

/** The close codes with a meaning of their own; every other code counts as a broken connection. */
const CLOSE_CODES: {
  readonly [code: number]: { readonly code: string; readonly detail: string; readonly retryable: boolean }
} = {
  1001: { code: 'CLOSED', detail: 'The server is shutting down', retryable: true },
  1009: { code: 'BODY_TOO_LARGE', detail: 'A frame was larger than the server takes', retryable: false },
  4400: { code: 'INVALID_REQUEST', detail: 'The server did not understand a frame', retryable: false },
  4401: { code: 'UNAUTHENTICATED', detail: 'The token is not good, or no longer', retryable: false },
  4403: { code: 'FORBIDDEN', detail: 'The server does not let pages of this origin in', retryable: false },
}

/** One sentence with one full stop. What the other side has said may say the same already. */
function sentence(detail: string, said: string): string {
  const words = said.replace(/\.+$/, '')
  return words === '' || words === detail ? `${detail}.` : `${detail}: ${words}.`
}

function detailOf(problem: unknown): string {
  return String((problem as { readonly detail?: unknown } | undefined)?.detail ?? 'an error without words')
}

function frameOf(data: unknown): Frame | undefined {
  try {
    const frame: unknown = typeof data === 'string' ? JSON.parse(data) : undefined
    return typeof frame === 'object' && frame !== null ? (frame as Frame) : undefined
  } catch {
    return undefined
  }
}
