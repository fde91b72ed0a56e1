// Traces: begins them at the edges, and hands finished spans to the outlet; without an outlet it is off.
import { drawnTraceId, drawTraceShare, newSpanId, newTraceId } from './random-ids.js'
import { isInShare, isPicked, type SamplingRules, type TracedOperation } from './sampling.js'
import {
  type FinishedSpan,
  SPANS,
  type SpanAttributes,
  type SpanKindName,
  type SpanOutlet,
  type SpanPlace,
} from './span.js'

/** What is measured from the start of the process becomes a time of day by it. */
const ORIGIN = performance.timeOrigin

function nowMs(): number {
  return ORIGIN + performance.now()
}

/** An operation that has begun. It may be recorded, or become so by failing. */
export class OpenSpan implements SpanPlace {
  readonly begun = nowMs()
  /** Of a request. */
  isAnswered = false
  private id: string | undefined

  constructor(
    readonly parent: SpanPlace | undefined,
    readonly state: string | undefined,
    readonly sampled: boolean,
    private trace?: string,
  ) {}

  /** Made when it is first asked for, where the trace begins here and is not recorded. */
  get traceId(): string {
    this.trace ??= this.parent?.traceId ?? newTraceId()
    return this.trace
  }

  /** Made when it is first asked for: of most operations nobody asks. */
  get spanId(): string {
    this.id ??= newSpanId()
    return this.id
  }

  /** As whatever comes next must carry it. */
  get traceparent(): string {
    const { traceId, spanId } = this
    return `00-${traceId}-${spanId}-${this.sampled ? '01' : '00'}`
  }
}

export interface Ending<K extends SpanKindName> {
  readonly kind: K
  readonly attributes: SpanAttributes<K>
  readonly name?: string
  readonly failure?: string | undefined
}

export interface TracedDelivery {
  readonly traceparent: string | undefined
  readonly attributes: SpanAttributes<'delivery'>
}

export class Tracing {
  /** The request that the running code works for, so that a failure inside it is part of its trace. */
  private current: () => OpenSpan | undefined = () => undefined
  private inTrouble: () => boolean = () => false

  constructor(
    private readonly rules: SamplingRules,
    private readonly outlet?: SpanOutlet,
  ) {}

  /** Asked once by each edge when it is put together, so that without traces nothing is in the way. */
  get isOn(): boolean {
    return this.outlet !== undefined
  }

  /** Whether the name of an operation decides anything. */
  get picksOperations(): boolean {
    return this.rules.operations.size > 0
  }

  get counts(): SpanOutlet['counts'] {
    return this.outlet?.counts ?? NONE
  }

  /** While this says true, the other share of traces is recorded. */
  recordMoreWhile(inTrouble: () => boolean): void {
    this.inTrouble = inTrouble
  }

  /** `traceparent` must be a valid one. */
  begin(operation: TracedOperation, traceparent: string | undefined, state?: string): OpenSpan {
    const { rules } = this
    if (traceparent === undefined) {
      const share = drawTraceShare()
      const sampled = isInShare(share, rules, this.inTrouble()) || isPicked(operation, rules)
      return new OpenSpan(undefined, state, sampled, sampled ? drawnTraceId() : undefined)
    }
    return new OpenSpan(placeOf(traceparent), state, isRecorded(traceparent) || isPicked(operation, rules))
  }

  /** A span below one that has begun here, which has decided for both. */
  under(parent: OpenSpan): OpenSpan {
    return new OpenSpan(parent, parent.state, parent.sampled)
  }

  /** The service's own operations are recorded when they fail, and not otherwise. */
  ofService(): OpenSpan {
    return new OpenSpan(undefined, undefined, false)
  }

  /** Requests that have a span of their own are found by it. */
  findRequestsBy(current: () => OpenSpan | undefined): void {
    this.current = current
  }

  /** The request that is being answered: what goes on after its answer, as on a socket that it opened, is none of it. */
  request(): OpenSpan | undefined {
    const span = this.current()
    return span?.isAnswered === false ? span : undefined
  }

  /** Records the span when it was sampled, or when it has failed. */
  end<K extends SpanKindName>(span: OpenSpan, { kind, attributes, name = SPANS[kind].name, failure }: Ending<K>): void {
    if (!span.sampled && failure === undefined) return
    const { parent, state, begun } = span
    const ended = nowMs()
    this.put({ kind, name, place: span, parent, link: undefined, state, begun, ended, attributes, failure })
  }

  /** A delivery goes on with the trace of the append, and is linked to it; it takes no time of its own. */
  delivered({ traceparent, attributes }: TracedDelivery): void {
    if (traceparent === undefined || !isRecorded(traceparent)) return
    const append = placeOf(traceparent)
    const now = nowMs()
    const place = { traceId: append.traceId, spanId: newSpanId() }
    this.put({
      kind: 'delivery',
      name: SPANS.delivery.name,
      place,
      parent: append,
      link: append,
      state: undefined,
      begun: now,
      ended: now,
      attributes,
      failure: undefined,
    })
  }

  private put(span: FinishedSpan): void {
    this.outlet?.put(span)
  }

  /** Sends what waits, but not for long, because the process is about to end. */
  async close(): Promise<void> {
    await this.outlet?.end()
  }
}

const NONE = Object.freeze({ exported: 0, failed: 0, dropped: 0 })

function placeOf(traceparent: string): SpanPlace {
  return { traceId: traceparent.slice(3, 35), spanId: traceparent.slice(36, 52) }
}

function isRecorded(traceparent: string): boolean {
  return (Number.parseInt(traceparent.slice(53, 55), 16) & 1) === 1
}
