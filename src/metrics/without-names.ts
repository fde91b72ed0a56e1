// Metrics for readers who may not see names: series that differ only by a name become one, which is their sum. Pure.
import { Registry } from 'prom-client'
import type { Collecting, Series } from './thread-figures.js'

/** Labels that hold names of agents, event types and groups, or what events say. A new label of this kind must be added, or it leaks. */
const NAMES: ReadonlySet<string> = new Set(['agent_id', 'event_type', 'event_outcome', 'subscription'])
const ALL = 'all'

export function withoutNames(registry: Registry): Promise<string> {
  const shown = new Registry()
  for (const metric of registry.getMetricsAsArray() as Collecting[]) {
    const told = metric.labelNames.some(label => NAMES.has(label)) ? summed(metric) : metric
    shown.registerMetric(told as never)
  }
  return shown.metrics()
}

/** A registry needs only these two of a metric to make its text. */
function summed(metric: Collecting) {
  const { name } = metric
  return {
    name,
    async get() {
      const collected = await metric.get()
      const sums = new Map<string, Series>()
      for (const series of collected.values) {
        const of = whatStays(series)
        const sum = sums.get(of)
        if (sum === undefined) sums.set(of, withoutItsNames(series))
        else sum.value += series.value
      }
      return { ...collected, values: [...sums.values()] }
    },
  }
}

/** The same text for all series that become one. It is made for up to ten thousand series, so it makes no objects. */
function whatStays({ labels, metricName = '' }: Series): string {
  let text = metricName
  for (const label in labels) if (!NAMES.has(label)) text += `\n${label}=${labels[label]}`
  return text
}

function withoutItsNames(series: Series): Series {
  const labels = Object.entries(series.labels).map(([label, value]) => [label, NAMES.has(label) ? ALL : value])
  return { ...series, labels: Object.fromEntries(labels) }
}
