// The metrics of a front thread: kept like those of any server, and told to the writer, which answers who scrapes.
import type { ThreadCalls } from '../threads/thread-calls.js'
import type { Metrics } from './metrics.js'
import {
  type Collecting,
  EVENTS_COUNTED,
  FIGURES,
  type MetricFigures,
  type Series,
  seriesKey,
  type ThreadFigures,
} from './thread-figures.js'
import { ruleOf } from './thread-rules.js'

/** A thread that dies takes with it what it has counted by names in this time. */
const HAND_OVER_MS = 5_000

export class FrontMetrics {
  /** What counters have told, by metric and series. */
  private readonly told = new Map<string, number>()

  constructor(private readonly metrics: Metrics) {}

  /** Answers the writer from now on. Returns how to hand over the rest and end. */
  serve(calls: ThreadCalls): () => void {
    const { appended } = this.metrics
    appended.handTo(counts => calls.tell(EVENTS_COUNTED, counts))
    calls.answer(FIGURES, () => {
      // On its way before the answer, so what the writer tells then has it.
      appended.handOver()
      return this.figures()
    })
    const timer = setInterval(() => appended.handOver(), HAND_OVER_MS).unref()
    return () => {
      clearInterval(timer)
      appended.handOver()
    }
  }

  private async figures(): Promise<ThreadFigures> {
    const all = this.metrics.registry.getMetricsAsArray() as Collecting[]
    const collected = await Promise.all(all.filter(({ name }) => ruleOf(name) !== 'writer').map(metric => metric.get()))
    const counted: MetricFigures[] = []
    const current: MetricFigures[] = []
    for (const { name, type, values } of collected) {
      if (type === 'gauge') current.push({ name, values: values.map(plain) })
      else counted.push({ name, values: values.flatMap(series => this.newOf(name, series)) })
    }
    return { counted, current }
  }

  /** A series is told when it begins though it counts nothing, so that all buckets of a histogram are there, in order. */
  private newOf(name: string, series: Series): Series[] {
    const key = `${name}\n${seriesKey(series)}`
    const before = this.told.get(key)
    if (series.value === before) return []
    this.told.set(key, series.value)
    return [{ ...plain(series), value: series.value - (before ?? 0) }]
  }
}

function plain({ labels, metricName, value }: Series): Series {
  return metricName === undefined ? { labels, value } : { labels, metricName, value }
}
