// Every metric of the service, in a registry of its own. docs/METRICS.md tells them, and a test compares.
import { Counter, collectDefaultMetrics, Gauge, type Histogram, Registry } from 'prom-client'
import { BusiestLabels } from './busiest-labels.js'
import { giveUpSeries } from './give-up-series.js'
import { SharedText } from './shared-text.js'
import { withoutNames } from './without-names.js'

/** Anybody may ask as often as they like, so what is shown to strangers is made no more often than this. */
const STRANGERS_MS = 1_000

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
  | 'eventsRead'
  | 'readDuration'
  | 'httpDuration'
>

export class Metrics {
  readonly registry = new Registry()
  readonly agents = new BusiestLabels()
  readonly types = new BusiestLabels()

  // What is counted and timed where it happens; MetricsModule makes them.
  readonly eventsAppended: Counter<'agent_id' | 'event_type'>
  readonly appendDuration: Histogram
  readonly syncDuration: Histogram
  readonly appendsFailed: Counter<'code'>
  readonly scrubs: Counter<'result'>
  readonly lastGoodScrub: Gauge
  readonly eventsRead: Counter
  readonly readDuration: Histogram
  readonly httpDuration: Histogram<'method' | 'route' | 'status'>

  private readonly whole: SharedText
  private readonly unnamed: SharedText

  constructor(measured: Measured) {
    Object.assign(this, measured)
    for (const metric of Object.values(measured)) this.registry.registerMetric(metric)
    const named = { agent_id: this.agents, event_type: this.types }
    for (const labels of Object.values(named)) labels.listen(() => void giveUpSeries(this.eventsAppended, named))
    collectDefaultMetrics({ register: this.registry })
    const now = () => performance.now()
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
      name: `lighthouse_${name}`,
      help,
      registers: [this.registry],
      collect: async () => gauge.set(await look()),
    })
  }

  /** A counter kept elsewhere. */
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

  /** Gauges of the same things, each looked at once for all of them. `other` stands for what is beyond the bound of labels. */
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

  /** A counter kept elsewhere, by one label. */
  tally(name: string, help: string, label: string, look: () => Readonly<Record<string, number>>): void {
    const counter: Counter = new Counter({
      name: `lighthouse_${name}`,
      help,
      labelNames: [label],
      registers: [this.registry],
      collect: () => {
        counter.reset()
        for (const [value, count] of Object.entries(look())) counter.inc({ [label]: value }, count)
      },
    })
  }
}
