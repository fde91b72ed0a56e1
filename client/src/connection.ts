// The WebSocket that all follows and appenders of a client share: open while one needs it, replaced when it breaks.
import { LighthouseError, NetworkError } from './errors.js'
import type { Frame } from './lines.js'
import { pause, type Retry } from './retry.js'
import { type Ending, Session, type WebSocketClass } from './session.js'
import { goodUntil, replacedAt, type Tokens } from './tokens.js'

/** A follow or an appender, as the shared connection sees it. */
export interface Channel {
  /** A new connection is open. The server knows nothing of what was sent on an earlier one. */
  opened(): void
  /** The connection is gone and another one will be opened. */
  broken(error: LighthouseError): void
  /** No other connection will be opened. The channel has already been removed. */
  failed(error: LighthouseError): void
}

export type FrameHandler = (frame: Frame, chars: number) => void

export interface ConnectionSettings {
  readonly url: string
  /** Called for every connection; throws NO_WEBSOCKET where there is none. */
  readonly webSocket: () => Promise<WebSocketClass>
  readonly timeoutMs: number
  readonly retry: Retry
}

/** After this many refusals in a row without a welcome between them, a new token is not expected to help. */
const MOST_REFUSALS = 5

/** `setTimeout` fires at once for longer delays, so none may be set. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** Which log the server holds, and which start of it this is. */
interface Lineage {
  readonly id: string
  readonly epoch: number
}

type How = Ending | 'left' | 'renewed'

export class Connection {
  private readonly channels = new Set<Channel>()
  private readonly handlers = new Map<string, FrameHandler>()
  private session: Session | undefined
  private known: Lineage | undefined
  private features: readonly unknown[] = []
  private running = false
  private rest = new AbortController()
  private finish: (how: How) => void = () => undefined
  private renewal: ReturnType<typeof setTimeout> | undefined
  private ids = 0

  constructor(
    private readonly tokens: Tokens,
    private readonly settings: ConnectionSettings,
  ) {}

  get open(): boolean {
    return this.session?.open === true
  }

  /** That of the last welcome; undefined before the first, and with servers that have none. */
  get lineage(): string | undefined {
    return this.known?.id
  }

  /** Whether the server that is connected, or was last, says that it takes this; an earlier version does not know it. */
  takes(feature: string): boolean {
    return this.features.includes(feature)
  }

  get retry(): Retry {
    return this.settings.retry
  }

  join(channel: Channel): void {
    this.channels.add(channel)
    if (!this.running) void this.run()
    else if (this.open) channel.opened()
  }

  /** The connection closes when the last channel leaves it. */
  leave(channel: Channel): void {
    if (!this.channels.delete(channel) || this.channels.size > 0) return
    this.rest.abort()
    this.finish('left')
  }

  /** Returns an id that was never used before on this client; its frames go to `handler` until `forget` is called. */
  converse(handler: FrameHandler): string {
    const id = `c${++this.ids}`
    this.handlers.set(id, handler)
    return id
  }

  forget(id: string): void {
    this.handlers.delete(id)
  }

  /** Does nothing without a connection, because every channel sends again from `opened` on the next one. */
  send(frame: object | string): void {
    if (this.open) this.session?.send(frame)
  }

  private async run(): Promise<void> {
    this.running = true
    let failures = 0
    let refusals = 0
    while (this.channels.size > 0) {
      const how = await this.sessionToItsEnd()
      this.handlers.clear()
      if (how === 'left' || how === 'renewed') continue
      const { error, code, welcomed } = how
      if (welcomed) failures = refusals = 0
      refusals += code === 4401 ? 1 : 0
      if (isFinal(how, refusals) || (this.retry.never && code !== 4401)) {
        this.failAll(error)
        break
      }
      for (const channel of [...this.channels]) channel.broken(error)
      // A token that expired in use was valid until now, so its successor can be tried without a delay.
      if (code !== 4401 || !welcomed) await this.takeRest(++failures)
    }
    this.running = false
    // A channel may have joined while `failAll` ran, when this loop still counted as running.
    if (this.channels.size > 0) void this.run()
  }

  private failAll(error: LighthouseError): void {
    const all = [...this.channels]
    this.channels.clear()
    for (const channel of all) channel.failed(error)
  }

  private async takeRest(failures: number): Promise<void> {
    this.rest = new AbortController()
    if (this.channels.size > 0) await pause(this.retry.delay(failures), this.rest.signal).catch(() => undefined)
  }

  private async sessionToItsEnd(): Promise<How> {
    const ended = new Promise<How>(resolve => {
      this.finish = resolve
    })
    let token: string
    try {
      token = await this.tokens.current()
      const WebSocket = await this.settings.webSocket()
      // The last channel may have left while these were being fetched.
      if (this.channels.size === 0) return 'left'
      this.session = this.sessionWith(WebSocket, token)
    } catch (error) {
      return { code: 0, welcomed: false, error: unopened(error) }
    }
    const how = await ended
    clearTimeout(this.renewal)
    this.session.leave()
    this.session = undefined
    if (typeof how === 'object' && how.code === 4401) await this.tokens.refused(token)
    return how
  }

  private sessionWith(WebSocket: WebSocketClass, token: string): Session {
    const { url, timeoutMs } = this.settings
    return new Session(
      WebSocket,
      { url, token, timeoutMs },
      {
        welcome: ({ expiresAt, lineage, epoch, features }) => {
          const stale = this.meets(lineage, epoch)
          if (stale !== undefined) {
            this.finish({ code: 1006, welcomed: false, error: stale })
            return
          }
          this.features = Array.isArray(features) ? features : []
          this.renewBefore(expiresAt, token)
          for (const channel of [...this.channels]) channel.opened()
        },
        frame: (frame, chars) => this.handlers.get(String(frame['id']))?.(frame, chars),
        ended: ending => this.finish(ending),
      },
    )
  }

  /**
   * Remembers the lineage of the server. An epoch that is lower than one seen before is that of a process that another
   * has replaced: it may still answer, and what it serves ends where its successor began.
   */
  private meets(id: unknown, epoch: unknown): LighthouseError | undefined {
    if (typeof id !== 'string' || typeof epoch !== 'number') return undefined
    const { known } = this
    if (known?.id === id && epoch < known.epoch) {
      return new NetworkError(`A process of epoch ${epoch} answers, and one of epoch ${known.epoch} has replaced it.`)
    }
    this.known = { id, epoch }
    return undefined
  }

  /** Opens a connection with a new token before this one expires, so that the server never has to close it. */
  private renewBefore(expiresAt: unknown, token: string): void {
    const now = Date.now()
    const due = Math.min(goodUntil(token, now), replacedAt(Date.parse(String(expiresAt)), now)) - now
    if (!this.tokens.renewable || due > LONGEST_TIMER_MS) return
    this.renewal = setTimeout(() => void this.renew(token), due)
  }

  private async renew(token: string): Promise<void> {
    const { session } = this
    try {
      await this.tokens.refused(token)
      const next = await this.tokens.current()
      if (session !== undefined && session === this.session && next !== token) this.finish('renewed')
    } catch {
      // The old token is still valid for a while. Once it has expired, the server closes the connection.
    }
  }
}

function isFinal({ code, error }: Ending, refusals: number): boolean {
  if (code === 4401) return refusals >= MOST_REFUSALS
  return !error.retryable
}

/** The error of a connection that could not start: no token, no WebSocket, or an address that is not valid. */
function unopened(error: unknown): LighthouseError {
  if (error instanceof LighthouseError) return error
  return new NetworkError(`The connection could not be opened: ${(error as Error).message}`, { cause: error })
}
