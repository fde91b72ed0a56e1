// How events are shown to their readers: as they are stored, or on request as the newest versions of their types.
import { Injectable } from '@nestjs/common'
import type { RecordedEvent } from '../contract/event.js'
import type { Show } from '../upcasting/upcaster.js'
import { Upcasting } from '../upcasting/upcasting.service.js'
import type { Upcast } from './read-query.js'
import type { SseWriter } from './sse-writer.js'

const CHANGED = 'The upcasters have changed: connect again, and go on behind the last position.'

@Injectable()
export class UpcastView {
  constructor(private readonly upcasting: Upcasting) {}

  /** Uses the upcasters in force when the first event is requested. Without `upcast` it returns the source itself. */
  of(source: AsyncIterable<RecordedEvent>, upcast: Upcast): AsyncIterable<RecordedEvent> {
    return upcast === undefined ? source : this.latest(source)
  }

  async ofOne(event: RecordedEvent, upcast: Upcast): Promise<RecordedEvent> {
    return upcast === undefined ? event : (await this.upcasting.latest())(event)
  }

  /** An endless stream keeps to one version of each type, so it ends when the upcasters change. */
  async ofStream<S extends SseWriter>(upcast: Upcast, open: (show?: Show) => Promise<S>): Promise<S> {
    if (upcast === undefined) return open()
    let stream: S | undefined
    let changed = false
    const forget = this.upcasting.onChange(() => {
      changed = true
      stream?.goAway(CHANGED)
    })
    try {
      stream = await open(await this.upcasting.latest())
    } catch (error) {
      forget()
      throw error
    }
    stream.once('close', forget)
    if (changed) stream.goAway(CHANGED)
    return stream
  }

  private async *latest(source: AsyncIterable<RecordedEvent>): AsyncGenerator<RecordedEvent, void, void> {
    const show = await this.upcasting.latest()
    for await (const event of source) yield show(event)
  }
}
