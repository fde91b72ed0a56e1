// Subscribers that are cut, paused and left without a server, and go on where they were: over WebSocket, server-sent events and waits.

import { EventSourceReader } from '../support/event-source-reader.js'
import type { Random } from '../support/random.js'
import { StreamClient } from '../support/stream-client.js'
import type { Asked } from './filters.js'
import type { World } from './world.js'

export interface Seen {
  readonly position: number
  readonly id: string
}

/** One way of reading, cut and begun again for as long as it takes. */
export abstract class Subscriber {
  readonly seen: Seen[] = []
  cuts = 0
  fellBehind = 0
  /** Everything up to here has been sent to it. */
  protected reached = 0
  private ended = false
  private isPaused = false
  private unpaused: (() => void) | undefined

  constructor(
    protected readonly world: World,
    readonly asked: Asked,
    protected readonly random: Random,
  ) {}

  abstract readonly kind: string

  /** Until the last event of the run has come. */
  async run(): Promise<void> {
    while (!this.ended) {
      try {
        await this.connectAndRead(await this.world.url())
      } catch {
        // Cut, killed or refused: begun again, where it was.
        await new Promise(setImmediate)
      }
    }
  }

  abstract cut(): void
  /** Reads until it is cut or done. */
  protected abstract connectAndRead(url: string): Promise<void>
  protected abstract hold(): void
  protected abstract release(): void

  get done(): boolean {
    return this.ended
  }

  get paused(): boolean {
    return this.isPaused
  }

  pause(): void {
    this.isPaused = true
    this.hold()
  }

  resume(): void {
    this.isPaused = false
    this.release()
    this.unpaused?.()
  }

  protected async whilePaused(): Promise<void> {
    while (this.isPaused) {
      await new Promise<void>(resolve => {
        this.unpaused = resolve
      })
    }
  }

  protected take(event: Seen & { readonly type: string }): void {
    this.seen.push({ position: event.position, id: event.id })
    this.reached = event.position
    if (event.type === 'End') this.ended = true
  }
}

export class SocketSubscriber extends Subscriber {
  private client: StreamClient | undefined
  readonly kind: string

  constructor(
    world: World,
    asked: Asked,
    random: Random,
    readonly form: 'json' | 'msgpack',
  ) {
    super(world, asked, random)
    this.kind = `WebSocket, ${form}`
  }

  cut(): void {
    this.client?.socket.terminate()
  }

  protected hold(): void {
    if (this.client?.code === undefined) this.client?.socket.pause()
  }

  protected release(): void {
    this.client?.socket.resume()
  }

  protected async connectAndRead(url: string): Promise<void> {
    await this.whilePaused()
    const { authorization } = this.world
    const client = await StreamClient.open(url, { authorization, protocol: `lighthouse.v1.${this.form}` })
    this.client = client
    if (this.paused) this.hold()
    const last = this.seen.at(-1)
    // An event's id is as good a place to go on at as its position.
    const after =
      last !== undefined && last.position === this.reached && this.random.chance(0.5) ? last.id : this.reached
    client.send({ type: 'subscribe', id: 's', after, filter: this.asked.filter })
    for (let at = 0; !this.done; ) {
      while (at < client.heard.length) this.hear(client.heard[at++])
      if (client.code !== undefined) throw new Error('cut')
      if (!this.done) await client.more()
    }
    await client.close()
  }

  private hear(frame: {
    type: string
    position: number
    event: Seen & { type: string }
    problem?: { code: string }
  }): void {
    if (frame.type === 'event') this.take(frame.event)
    else if (frame.type === 'checkpoint') this.reached = frame.position
    else if (frame.type === 'fellBehind') this.fellBehind++
    else if (frame.type === 'closed' || frame.type === 'error') throw new Error(JSON.stringify(frame.problem))
  }
}

export class EventSourceSubscriber extends Subscriber {
  readonly kind = 'server-sent events'
  private reader: EventSourceReader | undefined

  cut(): void {
    this.reader?.close()
  }

  protected hold(): void {
    this.reader?.pause()
  }

  protected release(): void {
    this.reader?.resume()
  }

  protected async connectAndRead(url: string): Promise<void> {
    await this.whilePaused()
    const { authorization } = this.world
    const headers = { authorization, ...(this.reached === 0 ? undefined : { 'last-event-id': String(this.reached) }) }
    const reader = await EventSourceReader.open(`${url}/v1/events?after=0${this.asked.query}`, headers)
    this.reader = reader
    if (this.paused) this.hold()
    for (let at = 0; !this.done; ) {
      while (at < reader.events.length) {
        const { type, id, frame } = reader.events[at++] as {
          type: string
          id: string
          frame: { event: Seen & { type: string } }
        }
        if (type === 'event') this.take(frame.event)
        else if (id !== undefined) this.reached = Number(id)
        if (type === 'fellBehind') this.fellBehind++
      }
      if (reader.over) throw new Error('cut')
      if (!this.done) await reader.more()
    }
    reader.close()
  }
}

export class WaitingSubscriber extends Subscriber {
  readonly kind = 'waits'
  private patience = new AbortController()

  cut(): void {
    this.patience.abort()
  }

  protected hold(): void {}

  protected release(): void {}

  protected async connectAndRead(url: string): Promise<void> {
    await this.whilePaused()
    this.patience = new AbortController()
    const query = `after=${this.reached}&limit=500&timeout=20${this.asked.query}`
    const answer = await fetch(`${url}/v1/events/wait?${query}`, {
      headers: { authorization: this.world.authorization },
      signal: this.patience.signal,
    })
    if (answer.status !== 200 && answer.status !== 204) throw new Error(`the server answered ${answer.status}`)
    const text = await answer.text()
    const { events } =
      answer.status === 200 ? (JSON.parse(text) as { events: (Seen & { type: string })[] }) : { events: [] }
    for (const event of events) this.take(event)
    this.reached = Number(answer.headers.get('lighthouse-position'))
  }
}
