// Every metric of the service, in a registry of its own; a test compares them with docs/METRICS.md.
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { ThreadCalls } from '../threads/thread-calls.js'
import { AppendedEvents } from './appended-events.js'
import { BusiestLabels } from './busiest-labels.js'
import type { DurationHistogram, DurationSeries } from './duration-histogram.js'
import { SharedText } from './shared-text.js'
import { ThreadMetrics } from './thread-metrics.js'
import { withoutNames } from './without-names.js'

/** Anybody may read the metrics as often as they like, so the text for strangers is made at most once in this time. */
const STRANGERS_MS = 1_000

/**
 * These ask functions of Node that it does not document, which make an object of every open handle and end the process
 * when one of them is just being freed. `nodejs_active_resources` tells the same.
 */
const UNSAFE = ['handles', 'requests'].flatMap(of => [`nodejs_active_${of}`, `nodejs_active_${of}_total`])

/** The text format of Prometheus. */
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'
export type Measured = Pick<
  Metrics,
  | 'eventsAppended'
  | 'appendDuration'
  | 'syncDuration'
  | 'appendsFailed'
  | 'scrubs'
  | 'lastGoodScrub'
  | 'segmentsRestored'
  | 'archivesRemoved'
  | 'eventsRead'
  | 'readDuration'
  | 'httpDuration'
  | 'frameDuration'
  | 'batchEvents'
>

interface Row<L extends string> {
  readonly labels: Readonly<Record<L, string>>
  readonly value: number
}

export class Metrics {
  readonly registry = new Registry()
  readonly agents = new BusiestLabels()
  readonly types = new BusiestLabels()

  // These are counted and timed where things happen; MetricsModule creates them.
  readonly eventsAppended: Counter<'agent_id' | 'event_type'>
  readonly appendDuration: DurationHistogram
  readonly syncDuration: DurationHistogram
  readonly appendsFailed: Counter<'code'>
  readonly scrubs: Counter<'result'>
  readonly lastGoodScrub: Gauge
  readonly segmentsRestored: Counter
  readonly archivesRemoved: Counter
  readonly eventsRead: Counter
  readonly readDuration: DurationHistogram
  readonly httpDuration: DurationHistogram<'method' | 'route' | 'status'>
  readonly frameDuration: DurationHistogram<'type' | 'outcome'>
  readonly batchEvents: DurationHistogram

  /** The one series of each histogram without labels. */
  readonly appends: DurationSeries
  readonly syncs: DurationSeries
  readonly batches: DurationSeries
  readonly reads: DurationSeries
  readonly appended: AppendedEvents

  /** Undefined while there is no thread but this one. */
  private threads: ThreadMetrics | undefined
  private readonly whole: SharedText
  private readonly unnamed: SharedText

  constructor(measured: Measured) {
    Object.assign(this, measured)
    for (const metric of Object.values(measured)) this.registry.registerMetric(metric as never)
    this.appends = measured.appendDuration.series({})
    this.syncs = measured.syncDuration.series({})
    this.batches = measured.batchEvents.series({})
    this.reads = measured.readDuration.series({})
    this.appended = new AppendedEvents(measured.eventsAppended, { agent_id: this.agents, event_type: this.types })
    collectDefaultMetrics({ register: this.registry })
    for (const name of UNSAFE) this.registry.removeSingleMetric(name)
    const now = () => performance.now()
    this.whole = new SharedText(async () => (await this.ofAll()).metrics(), 0, now)
    this.unnamed = new SharedText(async () => withoutNames(await this.ofAll()), STRANGERS_MS, now)
  }

  /** Tells from now on what this front thread counts as well; called in the writer. One that replaces another has its number. */
  join(thread: number, calls: ThreadCalls): void {
    this.threads ??= new ThreadMetrics(this.registry, this.appended)
    this.threads.join(thread, calls)
  }

  private ofAll(): Registry | Promise<Registry> {
    return this.threads?.ofAll() ?? this.registry
  }

  /** All metrics with all names, in the text format of Prometheus. */
  text(): Promise<string> {
    return this.whole.read()
  }

  /** Names are replaced by sums, for readers who may not see them; the text is at most a second old. */
  textWithoutNames(): Promise<string> {
    return this.unnamed.read()
  }

  /** Adds a gauge whose value is looked up at every scrape. */
  gauge(name: string, help: string, look: () => number | Promise<number>): void {
    const gauge: Gauge = new Gauge({
      name: `lighthouse_${name}`,
      help,
      registers: [this.registry],
      collect: async () => gauge.set(await look()),
    })
  }

  /** Adds a counter that is kept elsewhere and read at every scrape. */
  count(name: string, help: string, look: () => number): void {
    const counter: Counter = new Counter({
      name: `lighthouse_${name}`,
      help,
      registers: [this.registry],
      collect: () => {
        counter.reset()
        counter.inc(look())
      },
    })
  }

  /** Adds gauges with one label, whose `look` runs once for all of them. The value `other` covers what has no name. */
  gauges<K extends string>(
    helps: Readonly<Record<K, string>>,
    label: string,
    look: () => Promise<ReadonlyMap<string, Readonly<Record<K, number>>>>,
  ): void {
    let looking: ReturnType<typeof look> | undefined
    for (const [name, help] of Object.entries<string>(helps)) {
      const gauge: Gauge = new Gauge({
        name: `lighthouse_${name}`,
        help,
        labelNames: [label],
        registers: [this.registry],
        collect: async () => {
          looking ??= look().finally(() => {
            looking = undefined
          })
          const found = await looking
          gauge.reset()
          for (const [value, numbers] of found) gauge.set({ [label]: value }, numbers[name as K])
        },
      })
    }
  }

  /** Adds a gauge with several labels, whose series are looked up at every scrape. */
  table<L extends string>(name: string, help: string, labelNames: readonly L[], look: () => readonly Row<L>[]): void {
    const gauge: Gauge<L> = new Gauge<L>({
      name: `lighthouse_${name}`,
      help,
      labelNames: [...labelNames],
      registers: [this.registry],
      collect: () => {
        gauge.reset()
        for (const { labels, value } of look()) gauge.set(labels, value)
      },
    })
  }

  /** Adds a counter with one label that is kept elsewhere and read at every scrape. */
  tally(name: string, help: string, label: string, look: () => Readonly<Record<string, number>>): void {
    this.tallies(name, help, [label], () =>
      Object.entries(look()).map(([of, value]) => ({ labels: { [label]: of }, value })),
    )
  }

  /** Adds a counter with several labels that is kept elsewhere and read at every scrape. */
  tallies<L extends string>(name: string, help: string, labelNames: readonly L[], look: () => readonly Row<L>[]): void {
    const counter: Counter<L> = new Counter<L>({
      name: `lighthouse_${name}`,
      help,
      labelNames: [...labelNames],
      registers: [this.registry],
      collect: () => {
        counter.reset()
        for (const { labels, value } of look()) counter.inc(labels, value)
      },
    })
  }
}
