// Lists the streams a caller may read, and describes one by its head, its first and its last event.
import { Injectable } from '@nestjs/common'
import type { Access } from '../auth/access.js'
import { StoreError } from '../contract/errors.js'
import type { RecordedEvent } from '../contract/event.js'
import { EventStore, type StreamInfo } from '../contract/event-store.js'
import { LIMITS } from '../contract/limits.js'
import type { StreamAnswerDto, StreamEventDto, StreamsAnswerDto, StreamsQueryDto } from './indexing.dto.js'

/** Bounds how many heads are looked up at a time. */
const HEADS_TOGETHER = 64

@Injectable()
export class Streams {
  constructor(private readonly store: EventStore) {}

  async list(
    { match, after, limit = LIMITS.readLimitDefault }: StreamsQueryDto,
    access: Access,
  ): Promise<StreamsAnswerDto> {
    const within = access.within('events.read')
    const names: string[] = []
    const found = this.store.streams({
      ...(match === undefined ? undefined : { streams: match }),
      ...(within === undefined ? undefined : { within }),
      ...(after === undefined ? undefined : { after }),
      // One more name shows whether there is another page. At the largest page size the store accepts no larger limit.
      ...(limit < LIMITS.readLimitMax ? { limit: limit + 1 } : undefined),
    })
    for await (const name of found) if (names.push(name) > limit) break
    const page = names.slice(0, limit)
    return { streams: await this.heads(page), next: names.length > limit ? (page.at(-1) ?? null) : null }
  }

  async one(name: string, access: Access): Promise<StreamAnswerDto> {
    const info = access.covers('events.read', name) ? await this.store.stream(name) : undefined
    if (info === undefined) {
      throw new StoreError('NOT_FOUND', 'There is no such stream, or the token may not read it.')
    }
    const last = await this.store.find(info.lastPosition)
    const first = last === undefined ? undefined : await this.first(name)
    return {
      stream: info.stream,
      revision: info.revision,
      events: first === undefined ? 0 : info.revision - first.revision + 1,
      first: summary(first),
      last: summary(last),
    }
  }

  private async first(stream: string): Promise<RecordedEvent | undefined> {
    for await (const event of this.store.read({ filter: { streams: [stream] }, limit: 1 })) return event
    return undefined
  }

  private async heads(names: readonly string[]): Promise<StreamInfo[]> {
    const heads: StreamInfo[] = []
    for (let from = 0; from < names.length; from += HEADS_TOGETHER) {
      const some = names.slice(from, from + HEADS_TOGETHER)
      for (const info of await Promise.all(some.map(name => this.store.stream(name)))) {
        if (info !== undefined) {
          heads.push({ stream: info.stream, revision: info.revision, lastPosition: info.lastPosition })
        }
      }
    }
    return heads
  }
}

function summary(event: RecordedEvent | undefined): StreamEventDto | null {
  if (event === undefined) return null
  return { id: event.id, position: event.position, revision: event.revision, timestamp: event.timestamp }
}
