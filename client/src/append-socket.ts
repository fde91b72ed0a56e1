// Carries appends over a socket while many are under way, and tells which have to go as plain requests instead.
import { type AppendedBatch, type AskedAppend, type Fate, newKey } from './appends.js'
import type { CallOptions } from './call.js'
import type { Channel, Connection } from './connection.js'
import { type LighthouseError, NetworkError } from './errors.js'
import type { Frame } from './lines.js'
import { errorOfFrame } from './problem.js'

/** So many appends are sent as plain requests at once before a socket is opened for them. */
const PLAIN_AT_ONCE = 4

/** A larger append would hold up the others on the socket. */
const MOST_CHARS = 256 * 1024

/** Half of what the server reads ahead of its answers; an appender on the same connection may have the other half. */
const IN_FLIGHT = 128
const IN_FLIGHT_CHARS = 5 * 1024 * 1024

/** An opening that takes longer is one that something in between holds up. */
const OPEN_MS = 2_000

/** The socket is left after so long without an append: it would keep the process alive. */
const LINGER_MS = 250

/** How long no socket is tried after one did not open; doubled each time. */
const FIRST_REST_MS = 1_000
const LONGEST_REST_MS = 300_000

/** Without it all appends of a connection would be correlated. */
const OWN_CORRELATION = 'append.correlationId'

/** One try of an append on the socket. */
interface Carried {
  readonly rest: string
  readonly fate: Fate
  /** Without an answer it goes as a plain request. */
  resolve: (answer?: AppendedBatch) => void
  reject: (error: unknown) => void
  id: string | undefined
  sentAt: number
}

export class AppendSocket {
  /** Those that are not sent, in the order in which they will be. */
  private readonly waiting = new Set<Carried>()
  /** In the order in which they were sent. */
  private readonly sent = new Map<string, Carried>()
  private sentChars = 0
  private joined = false
  /** Whether it has been open since it was joined. */
  private opened = false
  private restUntil = 0
  private restMs = FIRST_REST_MS
  private usedAt = 0
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly connection: Connection,
    private readonly timeoutMs: number,
  ) {}

  /** Whether an append should go this way, now that so many are under way, itself included. */
  takes({ events }: AskedAppend, underWay: number): boolean {
    if (underWay < 2 || events.length > MOST_CHARS || Date.now() < this.restUntil) return false
    return this.connection.open || underWay > PLAIN_AT_ONCE
  }

  /**
   * Resolves with the answer, or without one when the append has to be a plain request: what is asked then was not
   * decided. Rejects with what the server refuses, and when the connection breaks.
   */
  carry(asked: AskedAppend, fate: Fate, { signal, context }: CallOptions): Promise<AppendedBatch | undefined> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      const { events, terms, key } = asked
      const correlationId = context?.correlationId ?? newKey()
      const names = JSON.stringify({ key, correlationId, traceparent: context?.traceparent })
      const rest = `"events":[${events}]${terms},${names.slice(1)}`
      const one: Carried = { rest, fate, resolve, reject, id: undefined, sentAt: 0 }
      if (signal !== undefined) this.untilAborted(one, signal)
      this.waiting.add(one)
      if (this.joined) this.pump()
      else this.join()
    })
  }

  private untilAborted(one: Carried, signal: AbortSignal): void {
    const { resolve, reject } = one
    const stop = () => {
      this.drop(one)
      reject(signal.reason)
    }
    signal.addEventListener('abort', stop, { once: true })
    one.resolve = answer => {
      signal.removeEventListener('abort', stop)
      resolve(answer)
    }
    one.reject = error => {
      signal.removeEventListener('abort', stop)
      reject(error)
    }
  }

  private readonly channel: Channel = {
    opened: () => {
      if (!this.connection.takes(OWN_CORRELATION)) {
        this.rest()
        return
      }
      this.opened = true
      this.restMs = FIRST_REST_MS
      clearTimeout(this.timer)
      this.watch(Math.min(LINGER_MS, this.timeoutMs))
      // A connection replaced by a renewal is not reported as broken, so what it left unanswered is sent again.
      for (const one of this.sent.values()) {
        one.fate.failed(new NetworkError('The connection was replaced before the answer.'))
        this.drop(one)
        this.waiting.add(one)
      }
      this.pump()
    },
    broken: error => this.broke(error),
    failed: error => this.broke(error),
  }

  private join(): void {
    this.joined = true
    this.opened = false
    this.usedAt = Date.now()
    this.watch(Math.min(OPEN_MS, this.timeoutMs))
    this.connection.join(this.channel)
  }

  private pump(): void {
    for (const next of this.waiting) {
      if (!this.opened || !this.connection.open || this.sent.size >= IN_FLIGHT) return
      if (this.sent.size > 0 && this.sentChars + next.rest.length > IN_FLIGHT_CHARS) return
      this.waiting.delete(next)
      this.send(next)
    }
  }

  private send(one: Carried): void {
    const id = this.connection.converse(frame => this.answered(one, frame))
    one.id = id
    one.sentAt = this.usedAt = Date.now()
    this.sent.set(id, one)
    this.sentChars += one.rest.length
    this.connection.send(`{"type":"append","id":"${id}",${one.rest}`)
  }

  private answered(one: Carried, frame: Frame): void {
    this.drop(one)
    if (frame.type === 'appended') {
      const { events, firstPosition, lastPosition, duplicate, durability } = frame as unknown as AppendedBatch
      one.resolve({ events, firstPosition, lastPosition, duplicate, durability })
    } else {
      const error = errorOfFrame(frame)
      // What is wrong with the content is told by a plain request, with pointers into the body that it would have had.
      if (error.errors.length > 0) one.resolve()
      else one.reject(error)
    }
    this.pump()
  }

  private drop(one: Carried): void {
    this.waiting.delete(one)
    if (one.id === undefined || !this.sent.delete(one.id)) return
    this.connection.forget(one.id)
    this.sentChars -= one.rest.length
    one.id = undefined
  }

  /** The connection is gone, or as good as gone. What was not sent has lost nothing by it. */
  private broke(error: LighthouseError): void {
    if (!this.opened) {
      this.rest()
      return
    }
    const lost = new NetworkError('The connection broke before the answer.', { cause: error })
    for (const one of [...this.sent.values()]) {
      this.drop(one)
      one.fate.failed(lost)
      // Closed over a token that has ended, or over what one frame holds: as plain requests each is judged by itself.
      if (error.retryable) one.reject(lost)
      else one.resolve()
    }
    if (error.retryable) this.leave()
    else this.rest()
  }

  /** No socket for a while: there is none for appends, or none that opens. */
  private rest(): void {
    this.restUntil = Date.now() + this.restMs
    this.restMs = Math.min(LONGEST_REST_MS, this.restMs * 2)
    this.leave()
  }

  private leave(): void {
    clearTimeout(this.timer)
    this.joined = this.opened = false
    const left = [...this.waiting]
    this.waiting.clear()
    this.connection.leave(this.channel)
    for (const one of left) one.resolve()
  }

  /** One timer for all: for the opening, for the oldest answer, and for the end. */
  private watch(ms: number): void {
    this.timer = setTimeout(() => this.look(), ms)
  }

  private look(): void {
    const [oldest] = this.sent.values()
    if (!this.opened) this.rest()
    else if (oldest !== undefined) {
      const left = oldest.sentAt + this.timeoutMs - Date.now()
      if (left > 0) this.watch(Math.min(left, LINGER_MS))
      else this.silent()
    } else if (Date.now() - this.usedAt >= LINGER_MS) this.leave()
    else this.watch(LINGER_MS)
  }

  /** The next tries are plain requests, on connections that may be better ones. */
  private silent(): void {
    const late = new NetworkError(`No answer for ${this.timeoutMs} ms.`)
    this.restUntil = Date.now() + FIRST_REST_MS
    this.broke(late)
  }
}
