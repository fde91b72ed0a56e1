// Appends through the shared WebSocket, many in flight at once; after a break, those unanswered are sent again by key.
import {
  type Appended,
  type AppendedBatch,
  type AppendOptions,
  type BatchAppendOptions,
  Fate,
  newKey,
  onlyOne,
} from './appends.js'
import type { Context } from './call.js'
import type { Channel, Connection } from './connection.js'
import { LighthouseError, NetworkError } from './errors.js'
import type { NewEvent } from './event.js'
import type { Frame } from './lines.js'
import { errorOfFrame } from './problem.js'

export interface AppenderOptions {
  /** At most this many appends are in flight, up to 256; others wait. Default 128. */
  readonly inFlight?: number | undefined
}

/**
 * The server stops reading a connection with 16 MiB of unanswered appends, so sending more would only fill buffers. A
 * character takes at most three bytes.
 */
const IN_FLIGHT_CHARS = 5 * 1024 * 1024

/** One append, from its call until its promise settles. */
interface Entry {
  /** The frame without its beginning. Only the id there differs between two sendings of the same append. */
  readonly rest: string
  readonly fate: Fate
  readonly settle: { readonly resolve: (appended: AppendedBatch) => void; readonly reject: (error: unknown) => void }
  failures: number
  id: string | undefined
  timer: ReturnType<typeof setTimeout> | undefined
}

/** Of the context a frame has its trace alone; the correlation id belongs to the connection. */
type InFrame<O> = Omit<O, 'context'> & { readonly context?: Pick<Context, 'traceparent'> | undefined }
type Given = InFrame<AppendOptions> & InFrame<BatchAppendOptions>

export class Appender {
  private readonly most: number
  /** Appends that are not sent, in the order in which they will be. */
  private waiting: Entry[] = []
  private readonly sent = new Map<string, Entry>()
  private readonly unsettled = new Set<Entry>()
  private sentChars = 0
  /** The number of breaks since the last answer while something waited; too many of them fail what waits. */
  private fruitless = 0
  private closing: (() => void) | undefined
  private closed = false

  constructor(
    private readonly connection: Connection,
    { inFlight = 128 }: AppenderOptions,
  ) {
    if (!Number.isSafeInteger(inFlight) || inFlight < 1 || inFlight > 256) {
      throw new TypeError('inFlight must be a whole number from 1 to 256')
    }
    this.most = inFlight
    connection.join(this.channel)
  }

  /**
   * Works like `append` of the client. Appends in flight may be stored in any order, so a caller that needs an order
   * awaits one append before it makes the next.
   */
  append(event: NewEvent, options?: InFrame<AppendOptions>): Promise<Appended>
  append(events: readonly NewEvent[], options?: InFrame<BatchAppendOptions>): Promise<AppendedBatch>
  async append(given: NewEvent | readonly NewEvent[], options: Given = {}): Promise<Appended | AppendedBatch> {
    if (Array.isArray(given)) return this.enter(given as readonly NewEvent[], options)
    const event = given as NewEvent
    const { expectedRevision } = options
    const expectations = expectedRevision === undefined ? undefined : [{ stream: event.stream, expectedRevision }]
    return onlyOne(await this.enter([event], { ...options, expectations }))
  }

  /** The number of appends that have not been answered. */
  get pending(): number {
    return this.unsettled.size
  }

  /** Refuses further appends, waits until all accepted ones are settled, and then leaves the connection. */
  async close(): Promise<void> {
    this.closed = true
    if (this.unsettled.size > 0) await new Promise<void>(resolve => (this.closing = resolve))
    this.connection.leave(this.channel)
  }

  private readonly channel: Channel = {
    opened: () => {
      // A connection replaced by a renewal is not reported as broken, so what it left unanswered is taken back here.
      this.takeAllBack()
      this.pump()
    },
    broken: error => this.broken(error),
    failed: error => {
      this.closed = true
      for (const entry of [...this.unsettled]) this.reject(entry, entry.fate.told(error))
    },
  }

  private async enter(events: readonly NewEvent[], options: InFrame<BatchAppendOptions>): Promise<AppendedBatch> {
    const { expectations, condition, key = newKey(), signal, context } = options
    signal?.throwIfAborted()
    if (this.closed) throw new LighthouseError('CLOSED', 'This appender has been closed.', { outcome: 'rejected', key })
    const rest = JSON.stringify({ events, expectations, condition, key, traceparent: context?.traceparent }).slice(1)
    let giveUp: () => void = () => undefined
    const answer = new Promise<AppendedBatch>((resolve, reject) => {
      const entry = {
        rest,
        fate: new Fate(key),
        settle: { resolve, reject },
        failures: 0,
        id: undefined,
        timer: undefined,
      }
      giveUp = () => this.reject(entry, signal?.reason)
      this.unsettled.add(entry)
      this.waiting.push(entry)
    })
    signal?.addEventListener('abort', giveUp, { once: true })
    this.pump()
    try {
      return await answer
    } finally {
      signal?.removeEventListener('abort', giveUp)
    }
  }

  private pump(): void {
    while (this.connection.open && this.sent.size < this.most) {
      const [next] = this.waiting
      if (next === undefined || (this.sent.size > 0 && this.sentChars + next.rest.length > IN_FLIGHT_CHARS)) return
      this.waiting.shift()
      this.send(next)
    }
  }

  private send(entry: Entry): void {
    const id = this.connection.converse(frame => this.answered(entry, frame))
    entry.id = id
    this.sent.set(id, entry)
    this.sentChars += entry.rest.length
    this.connection.send(`{"type":"append","id":"${id}",${entry.rest}`)
  }

  private answered(entry: Entry, frame: Frame): void {
    this.fruitless = 0
    if (frame.type === 'appended') {
      const { events, firstPosition, lastPosition, duplicate, durability } = frame as unknown as AppendedBatch
      this.settled(entry)
      entry.settle.resolve({ events, firstPosition, lastPosition, duplicate, durability })
    } else if (frame.type === 'error') this.refused(entry, errorOfFrame(frame))
    this.pump()
  }

  private refused(entry: Entry, error: LighthouseError): void {
    this.takeBack(entry)
    entry.fate.failed(error)
    const delay = this.connection.retry.after(++entry.failures, error)
    if (delay === undefined) {
      this.reject(entry, entry.fate.told(error))
      return
    }
    entry.timer = setTimeout(() => {
      this.waiting.push(entry)
      this.pump()
    }, delay)
  }

  private broken(error: LighthouseError): void {
    this.takeAllBack()
    // A connection that breaks while nothing waits is no failed try.
    if (this.waiting.length === 0) return
    const lost = new NetworkError('The connection broke before the answer.', { cause: error })
    if (this.connection.retry.after(++this.fruitless, lost) !== undefined) return
    // What comes later has its own tries.
    this.fruitless = 0
    for (const entry of [...this.waiting]) this.reject(entry, entry.fate.told(lost))
  }

  /** Puts the unanswered appends in front of the others and keeps their order; each may already have been stored. */
  private takeAllBack(): void {
    const unanswered = [...this.sent.values()]
    for (const entry of unanswered) {
      this.takeBack(entry)
      entry.fate.failed(new NetworkError('The connection broke before the answer.'))
    }
    this.waiting = [...unanswered, ...this.waiting]
  }

  private reject(entry: Entry, error: unknown): void {
    this.waiting = this.waiting.filter(other => other !== entry)
    this.settled(entry)
    entry.settle.reject(error)
  }

  private settled(entry: Entry): void {
    clearTimeout(entry.timer)
    this.takeBack(entry)
    this.unsettled.delete(entry)
    if (this.unsettled.size > 0) return
    this.fruitless = 0
    this.closing?.()
  }

  private takeBack(entry: Entry): void {
    if (entry.id === undefined || !this.sent.delete(entry.id)) return
    this.connection.forget(entry.id)
    this.sentChars -= entry.rest.length
    entry.id = undefined
  }
}
