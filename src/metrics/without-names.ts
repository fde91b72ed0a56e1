// Metrics for whoever may not see who there is: series that differ only by a name are summed, so that sums keep their shape. Pure.
import { type MetricObject, Registry } from 'prom-client'

/** Labels that hold names of agents, types of events and groups; whoever adds such a label adds it here. */
const NAMES: ReadonlySet<string> = new Set(['agent_id', 'event_type', 'subscription'])
const ALL = 'all'

interface Series {
  readonly labels: Readonly<Record<string, string | number | undefined>>
  readonly metricName?: string
  value: number
}

interface Collected {
  readonly values: readonly Series[]
}

type Collecting = MetricObject & { readonly labelNames: readonly string[]; get(): Promise<Collected> }

export function withoutNames(registry: Registry): Promise<string> {
  const shown = new Registry()
  for (const metric of registry.getMetricsAsArray() as Collecting[]) {
    const told = metric.labelNames.some(label => NAMES.has(label)) ? summed(metric) : metric
    shown.registerMetric(told as never)
  }
  return shown.metrics()
}

/** What a registry asks of a metric when it makes its text. */
function summed(metric: Collecting) {
  const { name } = metric
  return {
    name,
    async get() {
      const collected = await metric.get()
      const sums = new Map<string, Series>()
      for (const { labels, metricName, value } of collected.values) {
        const shared = Object.fromEntries(
          Object.entries(labels).map(([label, named]) => [label, NAMES.has(label) ? ALL : named]),
        )
        const of = JSON.stringify([metricName, shared])
        const sum = sums.get(of)
        if (sum !== undefined) sum.value += value
        else sums.set(of, { labels: shared, value, ...(metricName === undefined ? {} : { metricName }) })
      }
      return { ...collected, values: [...sums.values()] }
    },
  }
}
