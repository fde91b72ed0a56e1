// Every metric of the service, in a registry of its own. docs/METRICS.md tells them, and a test compares.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { BusiestLabels } from './busiest-labels.js'
import { SharedText } from './shared-text.js'
import { withoutNames } from './without-names.js'

/** Seconds; around a sync of a good disk and up to one that is in trouble. */
const APPEND_BUCKETS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5]
const READ_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30]
const HTTP_BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30]

/** Anybody may ask as often as they like, so what is shown to strangers is made no more often than this. */
const STRANGERS_MS = 1_000

/** The text format of Prometheus. */
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export class Metrics {
  readonly registry = new Registry()
  readonly agents = new BusiestLabels()
  readonly types = new BusiestLabels()

  readonly eventsAppended = this.counter('events_appended_total', 'Events stored.', ['agent_id', 'event_type'])
  readonly appendDuration = this.histogram(
    'append_duration_seconds',
    'From asking for an append to its answer.',
    APPEND_BUCKETS,
  )
  readonly syncDuration = this.histogram(
    'sync_duration_seconds',
    'From writing a batch of appends to its being durable.',
    APPEND_BUCKETS,
  )
  readonly appendsFailed = this.counter('appends_failed_total', 'Appends that were not stored, by code.', ['code'])
  readonly scrubs = this.counter(
    'scrubs_total',
    'Passes of the background check over all sealed segments, by what they found.',
    ['result'],
  )
  readonly lastGoodScrub = new Gauge({
    name: 'lighthouse_last_good_scrub_timestamp_seconds',
    help: 'When a pass of the background check last ended without damage; 0 before the first.',
    registers: [this.registry],
  })
  readonly eventsRead = this.counter('events_read_total', 'Events handed to readers.')
  readonly readDuration = this.histogram('read_duration_seconds', 'From the start of a read to its end.', READ_BUCKETS)
  readonly httpDuration = this.histogram(
    'http_request_duration_seconds',
    'From a request to the end of its answer.',
    HTTP_BUCKETS,
    ['method', 'route', 'status'],
  )

  private readonly whole: SharedText
  private readonly unnamed: SharedText

  constructor(now: () => number = () => performance.now()) {
    collectDefaultMetrics({ register: this.registry })
    this.whole = new SharedText(() => this.registry.metrics(), 0, now)
    this.unnamed = new SharedText(() => withoutNames(this.registry), STRANGERS_MS, now)
  }

  /** All of them, in the text format of Prometheus. */
  text(): Promise<string> {
    return this.whole.read()
  }

  /** With the sums of what has names; at most a second old. */
  textWithoutNames(): Promise<string> {
    return this.unnamed.read()
  }

  /** A gauge that is looked up when it is asked for. */
  gauge(name: string, help: string, look: () => number | Promise<number>): void {
    const gauge: Gauge = new Gauge({
      ...{ name: `lighthouse_${name}`, help, registers: [this.registry] },
      collect: async () => gauge.set(await look()),
    })
  }

  /** A counter kept elsewhere. */
  count(name: string, help: string, look: () => number): void {
    const counter: Counter = new Counter({
      ...{ name: `lighthouse_${name}`, help, registers: [this.registry] },
      collect: () => {
        counter.reset()
        counter.inc(look())
      },
    })
  }

  /** Gauges of the same things, each looked at once for all of them. `other` stands for what is beyond the bound of labels. */
  gauges<K extends string>(
    helps: Readonly<Record<K, string>>,
    label: string,
    look: () => Promise<ReadonlyMap<string, Readonly<Record<K, number>>>>,
  ): void {
    let looking: ReturnType<typeof look> | undefined
    for (const [name, help] of Object.entries<string>(helps)) {
      const gauge: Gauge = new Gauge({
        ...{ name: `lighthouse_${name}`, help, labelNames: [label], registers: [this.registry] },
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

  /** A counter kept elsewhere, by one label. */
  tally(name: string, help: string, label: string, look: () => Readonly<Record<string, number>>): void {
    const counter: Counter = new Counter({
      ...{ name: `lighthouse_${name}`, help, labelNames: [label], registers: [this.registry] },
      collect: () => {
        counter.reset()
        for (const [value, count] of Object.entries(look())) counter.inc({ [label]: value }, count)
      },
    })
  }

  private counter<L extends string>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> {
    return new Counter({ name: `lighthouse_${name}`, help, labelNames: [...labelNames], registers: [this.registry] })
  }

  private histogram<L extends string>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: readonly L[] = [],
  ): Histogram<L> {
    const labels = [...labelNames]
    return new Histogram({ name: `lighthouse_${name}`, help, buckets, labelNames: labels, registers: [this.registry] })
  }
}
