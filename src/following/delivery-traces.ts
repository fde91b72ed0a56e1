// Tells the traces what is handed to whom, so that a trace leads from an append to those who hear of it.
import type { Position, RecordedEvent } from '../contract/event.js'
import type { Tracing } from '../tracing/tracing.js'
import type { Reader, Sink } from './follower.js'
import type { SharedEvent } from './recent-events.js'

/** Traces of older events are long complete, and a reader that begins at the start would fill the queue with them. */
const LATEST_MS = 60_000

export class DeliveryTraces {
  constructor(private readonly tracing: Tracing) {}

  handed(event: RecordedEvent, { agentId, surface }: Reader): void {
    if (event.traceparent === undefined) return
    const lag = Date.now() - Date.parse(event.timestamp)
    if (lag > LATEST_MS) return
    const attributes = {
      'event.type': event.type,
      'event.stream': event.stream,
      'event.id': event.id,
      'lighthouse.agent_id': agentId,
      'lighthouse.position': event.position,
      'lighthouse.surface': surface,
      'lighthouse.lag_ms': Math.max(0, lag),
    }
    this.tracing.delivered({ traceparent: event.traceparent, attributes })
  }
}

/** Stands before a sink only where traces are on. */
export class TracedSink implements Sink {
  constructor(
    private readonly sink: Sink,
    private readonly traces: DeliveryTraces,
    private readonly reader: Reader,
  ) {}

  get hasRoom(): boolean {
    return this.sink.hasRoom
  }

  event(event: SharedEvent): void {
    this.sink.event(event)
    this.traces.handed(event.event, this.reader)
  }

  checkpoint(position: Position): void {
    this.sink.checkpoint(position)
  }

  caughtUp(position: Position): void {
    this.sink.caughtUp(position)
  }

  fellBehind(position: Position): void {
    this.sink.fellBehind(position)
  }

  failed(error: unknown, position: Position): void {
    this.sink.failed(error, position)
  }
}
