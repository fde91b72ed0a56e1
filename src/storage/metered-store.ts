// The meter in front of the store: it counts and times appends and reads; and what shows the status as gauges.
import { codeOf } from '../contract/errors.js'
import type { RecordedEvent } from '../contract/event.js'
import type { AppendRequest, EventStore, StoreStatus } from '../contract/event-store.js'
import type { Metrics } from '../metrics/metrics.js'
import type { ServiceLevels, TimedWork } from '../monitors/service-levels.js'
import type { SlowOperation, SlowOperations } from './slow-operations.js'
import { wrapStore } from './wrap-store.js'

export interface Meters {
  readonly metrics: Metrics
  readonly levels: ServiceLevels
  readonly slow: SlowOperations
}

export function meteredStore(store: EventStore, meters: Meters): EventStore {
  const { metrics, levels, slow } = meters
  return wrapStore(store, {
    append: (request, terms) => {
      const begun = performance.now()
      levels.begin()
      return store.append(request, terms).then(
        appended => {
          const ms = performance.now() - begun
          levels.done('append', ms)
          metrics.appends.observe(ms / 1000)
          if (ms >= levels.slowMs) slow.note(slowAppend(request, ms))
          if (!appended.duplicate) metrics.appended.stored(request.author.agentId, request.events)
          return appended
        },
        (error: unknown) => {
          const code = codeOf(error)
          const ms = performance.now() - begun
          levels.failed('append', ms, code)
          if (ms >= levels.slowMs) slow.note(slowAppend(request, ms))
          metrics.appendsFailed.inc({ code: code ?? 'INTERNAL' })
          throw error
        },
      )
    },
    read: request => {
      const events = store.read(request)[Symbol.asyncIterator]()
      return new MeteredRead(events, metrics, request.limit === undefined ? undefined : meters)
    },
    find: async key => {
      const found = await store.find(key)
      if (found !== undefined) metrics.eventsRead.inc()
      return found
    },
    stream: 'through',
    streams: 'through',
    head: 'through',
    beyond: 'through',
    status: 'through',
    lineage: 'through',
    owned: 'through',
    close: 'through',
  })
}

/** What is looked up when somebody asks for it. */
export function showStore(store: EventStore, metrics: Metrics, levels: ServiceLevels): void {
  showStatus(store, metrics)
  showLatencies(metrics, levels)
}

function showStatus(store: EventStore, metrics: Metrics): void {
  const show = (name: string, help: string, look: (status: StoreStatus) => number) =>
    metrics.gauge(name, help, () => look(store.status()))
  metrics.gauge('head_position', 'The last durable position.', () => store.head())
  show('first_position', 'The first position still kept.', ({ first }) => first)
  show('writable', '1 while appends are taken, else 0.', ({ write }) => Number(write.writable))
  show('append_queue_length', 'Appends that wait for the disk.', ({ queued }) => queued)
  show('append_queue_bytes', 'Their bytes.', ({ queuedBytes }) => queuedBytes)
  show('damaged_ranges', 'Ranges of positions known to be damaged.', ({ damaged }) => damaged.length)
  show('log_bytes', 'Bytes of the segments on disk, archives as they are packed.', ({ size }) => size?.diskBytes ?? 0)
}

const QUANTILES: readonly number[] = [0.5, 0.95, 0.99, 0.999]
const LATENCIES = {
  append_latency_seconds: 'append',
  query_latency_seconds: 'query',
  sync_latency_seconds: 'sync',
  delivery_latency_seconds: 'delivery',
} as const satisfies Record<string, TimedWork>

function showLatencies(metrics: Metrics, levels: ServiceLevels): void {
  const helps = {
    append_latency_seconds:
      'How long an append took in the last minute, failures of the service included, by quantile.',
    query_latency_seconds: 'How long a page or query took in the last minute, by quantile.',
    sync_latency_seconds: 'How long a batch took to become durable in the last minute, by quantile.',
    delivery_latency_seconds:
      'How long a durable batch took to reach who follows at head in the last minute, sampled, by quantile.',
  }
  metrics.gauges(helps, 'quantile', async () => {
    const rows = QUANTILES.map(q => {
      const figures = Object.entries(LATENCIES).map(([name, of]) => [
        name,
        (levels.quantile(of, q) ?? Number.NaN) / 1_000,
      ])
      return [String(q), Object.fromEntries(figures) as Record<keyof typeof helps, number>] as const
    })
    return new Map(rows)
  })
}

/** Forwards to the iterator of the store, because a generator in between would cost each event a turn of its own. */
class MeteredRead implements AsyncIterableIterator<RecordedEvent, void> {
  private readonly begun = performance.now()
  private count = 0
  private ended = false

  constructor(
    private readonly events: AsyncIterator<RecordedEvent, void>,
    private readonly metrics: Metrics,
    /** For pages alone: a read without an end lasts as long as its reader likes. */
    private readonly meters: Meters | undefined,
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
    const ms = performance.now() - this.begun
    if (this.meters !== undefined) this.tell(this.meters, ms)
    this.metrics.reads.observe(ms / 1000)
    this.metrics.eventsRead.inc(this.count)
  }
  private tell({ levels, slow }: Meters, ms: number): void {
    levels.done('query', ms)
    if (ms < levels.slowMs) return
    slow.note({ operation_type: 'event_store.read', duration_ms: ms, event_count: this.count })
  }
}

function slowAppend({ author, events }: AppendRequest, ms: number): SlowOperation {
  const { agentId, correlationId, traceparent } = author
  return {
    operation_type: 'event_store.append',
    duration_ms: ms,
    event_count: events.length,
    agent_id: agentId,
    ...(correlationId === undefined ? undefined : { correlation_id: correlationId }),
    ...(traceparent === undefined ? undefined : { trace_id: traceparent.slice(3, 35) }),
  }
}
