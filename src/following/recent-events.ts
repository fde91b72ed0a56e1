// The window of the newest events that followers are served from, without gaps and bounded in events and in bytes.
import { envelopeBytes } from '../contract/envelope-bytes.js'
import type { Position, RecordedEvent } from '../contract/event.js'
import { type Envelope, eventBytes, type FrameForm } from '../wire/event-frames.js'

/** Estimates: the bytes of the objects around an event, and how often its payload counts, packed and decoded. */
const OBJECT_BYTES = 512
const PAYLOAD_COPIES = 3
/** For how many envelopes an event keeps the frame; for further ones it is made each time from the encoded event. */
const FRAMES_KEPT = 4

/** An event for many followers: encoded once for each form, and framed once for each of the first few envelopes. */
export class SharedEvent {
  private json: Buffer | undefined = undefined
  private msgpack: Buffer | undefined = undefined
  private frames: Map<string, Buffer> | undefined = undefined

  /** `holds` is called with the number of bytes that the event keeps in addition. */
  constructor(
    readonly event: RecordedEvent,
    private readonly holds: (bytes: number) => void = ignored,
  ) {}

  get position(): Position {
    return this.event.position
  }

  frame(envelope: Envelope): Buffer {
    const held = this.frames?.get(envelope.key)
    if (held !== undefined) return held
    const made = envelope.wrap(this.bytes(envelope.form), this.event.position)
    this.frames ??= new Map()
    if (this.frames.size < FRAMES_KEPT) {
      this.frames.set(envelope.key, made)
      this.holds(made.length)
    }
    return made
  }

  private bytes(form: FrameForm): Buffer {
    const held = this[form]
    if (held !== undefined) return held
    const made = eventBytes(this.event, form)
    this[form] = made
    this.holds(made.length)
    return made
  }
}

function ignored(): void {}

export interface WindowSize {
  readonly events: number
  readonly bytes: number
}

export class RecentEvents {
  /** The window holds the events behind `before`, up to `last`. */
  private before: Position = 0
  private last: Position = 0
  private held = 0
  private readonly slots: (SharedEvent | undefined)[]
  private readonly sizes: Float64Array
  private mostBytes: number

  constructor(private readonly size: WindowSize) {
    this.mostBytes = size.bytes
    this.slots = new Array(size.events).fill(undefined)
    this.sizes = new Float64Array(size.events)
  }

  /** The position of the last event seen, whether it is still held or not. */
  get end(): Position {
    return this.last
  }

  get bytes(): number {
    return this.held
  }

  /** Forgets everything; the next event is expected right behind `end`. */
  restart(end: Position): void {
    this.slots.fill(undefined)
    this.held = 0
    this.before = end
    this.last = end
  }

  /** Whether a follower at this position can be served from here: all later events are held, or there are none yet. */
  reaches(position: Position): boolean {
    return position >= this.before
  }

  at(position: Position): SharedEvent | undefined {
    if (position <= this.before || position > this.last) return undefined
    return this.slots[position % this.size.events]
  }

  push(event: RecordedEvent): SharedEvent {
    const { position } = event
    // Retention may have removed events before this one, and followers rely on a window without gaps.
    if (position !== this.last + 1) this.restart(position - 1)
    if (position - this.before > this.size.events) this.forgetFirst()
    const slot = position % this.size.events
    const shared = new SharedEvent(event, bytes => this.grow(position, bytes))
    this.slots[slot] = shared
    this.sizes[slot] = 0
    this.last = position
    const payload = event.packedBytes()
    this.grow(position, OBJECT_BYTES + envelopeBytes(event, event) + PAYLOAD_COPIES * payload)
    return shared
  }

  /** Counts nothing for an event that has left the window, because the window no longer holds its bytes. */
  private grow(position: Position, bytes: number): void {
    if (position <= this.before || position > this.last) return
    const slot = position % this.size.events
    this.sizes[slot] = (this.sizes[slot] as number) + bytes
    this.held += bytes
    this.trim()
  }

  /** What is beyond the new bound is forgotten at once; followers that need it read the log. */
  bound(bytes: number): void {
    this.mostBytes = bytes
    this.trim()
  }

  private trim(): void {
    while (this.held > this.mostBytes && this.before < this.last) this.forgetFirst()
  }

  private forgetFirst(): void {
    this.before++
    const slot = this.before % this.size.events
    this.slots[slot] = undefined
    this.held -= this.sizes[slot] as number
    this.sizes[slot] = 0
  }
}
