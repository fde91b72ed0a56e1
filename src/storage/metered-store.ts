// The store as the server uses it: measured. Every verb stands here, so a new one does not compile until it is.
import { codeOf } from '../contract/errors.js'
import type { Position, RecordedEvent } from '../contract/event.js'
import {
  type Appended,
  type AppendRequest,
  EventStore,
  type ReadRequest,
  type StoreStatus,
  type StreamInfo,
  type StreamsRequest,
} from '../contract/event-store.js'
import type { Metrics } from '../metrics/metrics.js'

export class MeteredStore extends EventStore {
  constructor(
    /** For what nobody has asked for and nobody is to find in the figures. */
    readonly unmetered: EventStore,
    private readonly metrics: Metrics,
  ) {
    super()
    const status = (look: (status: StoreStatus) => number) => () => look(unmetered.status())
    metrics.gauge('head_position', 'The last durable position.', () => unmetered.head())
    metrics.gauge(
      'first_position',
      'The first position still kept.',
      status(({ first }) => first),
    )
    metrics.gauge(
      'writable',
      '1 while appends are taken, else 0.',
      status(({ write }) => Number(write.writable)),
    )
    metrics.gauge(
      'append_queue_length',
      'Appends that wait for the disk.',
      status(({ queued }) => queued),
    )
    metrics.gauge(
      'append_queue_bytes',
      'Their bytes.',
      status(({ queuedBytes }) => queuedBytes),
    )
    metrics.gauge(
      'damaged_ranges',
      'Ranges of positions known to be damaged.',
      status(({ damaged }) => damaged.length),
    )
    metrics.gauge(
      'disk_usage_bytes',
      'Bytes of the log on disk.',
      status(({ details }) => Number(details['diskBytes'] ?? 0)),
    )
  }

  append(request: AppendRequest): Promise<Appended> {
    const begun = performance.now()
    return this.unmetered.append(request).then(
      appended => {
        this.metrics.appendDuration.observe((performance.now() - begun) / 1000)
        if (!appended.duplicate) this.count(request)
        return appended
      },
      (error: unknown) => {
        this.metrics.appendsFailed.inc({ code: codeOf(error) ?? 'INTERNAL' })
        throw error
      },
    )
  }

  private count({ events, author }: AppendRequest): void {
    const { agents, types, eventsAppended } = this.metrics
    const agent_id = agents.labelOf(author.agentId, events.length)
    for (const [type, count] of countsByType(events)) {
      eventsAppended.inc({ agent_id, event_type: types.labelOf(type, count) }, count)
    }
  }

  read(request: ReadRequest): AsyncIterable<RecordedEvent> {
    return new MeteredRead(this.unmetered.read(request)[Symbol.asyncIterator](), this.metrics)
  }

  async find(key: Position | string): Promise<RecordedEvent | undefined> {
    const found = await this.unmetered.find(key)
    if (found !== undefined) this.metrics.eventsRead.inc()
    return found
  }

  stream(name: string): Promise<StreamInfo | undefined> {
    return this.unmetered.stream(name)
  }

  streams(request: StreamsRequest): AsyncIterable<string> {
    return this.unmetered.streams(request)
  }

  head(): Position {
    return this.unmetered.head()
  }

  beyond(position: Position, signal?: AbortSignal): Promise<Position> {
    return this.unmetered.beyond(position, signal)
  }

  status(): StoreStatus {
    return this.unmetered.status()
  }

  close(): Promise<void> {
    return this.unmetered.close()
  }
}

/** The series of a label is looked up once for a batch and not for each of its events. */
function countsByType(events: AppendRequest['events']): Iterable<readonly [string, number]> {
  const [first] = events
  if (events.length === 1 && first !== undefined) return [[first.type, 1]]
  const counts = new Map<string, number>()
  for (const { type } of events) counts.set(type, (counts.get(type) ?? 0) + 1)
  return counts
}

/** Hands on what the store hands out: a generator between them would cost each event a turn of its own. */
class MeteredRead implements AsyncIterableIterator<RecordedEvent, void> {
  private readonly begun = performance.now()
  private count = 0
  private ended = false

  constructor(
    private readonly events: AsyncIterator<RecordedEvent, void>,
    private readonly metrics: Metrics,
  ) {}

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<RecordedEvent, void>> {
    return this.events.next().then(this.counted, this.failed)
  }

  return(): Promise<IteratorResult<RecordedEvent, void>> {
    this.end()
    return this.events.return?.() ?? Promise.resolve({ done: true, value: undefined })
  }

  private readonly counted = (next: IteratorResult<RecordedEvent, void>) => {
    if (next.done === true) this.end()
    else this.count++
    return next
  }

  private readonly failed = (error: unknown): never => {
    this.end()
    throw error
  }

  private end(): void {
    if (this.ended) return
    this.ended = true
    this.metrics.readDuration.observe((performance.now() - this.begun) / 1000)
    this.metrics.eventsRead.inc(this.count)
  }
}
