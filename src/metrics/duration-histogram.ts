// A histogram that hands out its series: who observes holds one, so that no labels are made, checked or hashed on the way.

type Labels<L extends string> = Readonly<Record<L, string>>

/** One series: so many observations up to each bound, and their sum. */
export class DurationSeries {
  /** Of each bucket alone; the last one is for what exceeds every bound. */
  readonly counts: Uint32Array
  sum = 0

  constructor(private readonly bounds: readonly number[]) {
    this.counts = new Uint32Array(bounds.length + 1)
  }

  /** In the unit of the bounds. */
  observe(value: number): void {
    const { bounds } = this
    let bucket = 0
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket++
    this.counts[bucket] = (this.counts[bucket] as number) + 1
    this.sum += value
  }
}

export interface HistogramOptions<L extends string> {
  readonly name: string
  readonly help: string
  readonly labelNames: readonly L[]
  readonly bounds: readonly number[]
}

/** What a registry of prom-client asks of a metric. */
export class DurationHistogram<L extends string = never> {
  readonly name: string
  readonly help: string
  readonly labelNames: readonly L[]
  private readonly bounds: readonly number[]
  private readonly kept = new Map<string, { readonly labels: Labels<L>; readonly series: DurationSeries }>()

  constructor({ name, help, labelNames, bounds }: HistogramOptions<L>) {
    this.name = name
    this.help = help
    this.labelNames = labelNames
    this.bounds = bounds
  }

  /** The same series for the same labels. */
  series(labels: Labels<L>): DurationSeries {
    const key = this.labelNames.map(name => labels[name]).join('\n')
    const held = this.kept.get(key)
    if (held !== undefined) return held.series
    const made = { labels, series: new DurationSeries(this.bounds) }
    this.kept.set(key, made)
    return made.series
  }

  get() {
    const values = [...this.kept.values()].flatMap(({ labels, series }) => this.valuesOf(labels, series))
    const { name, help } = this
    return Promise.resolve({ name, help, type: 'histogram', aggregator: 'sum', values })
  }

  /** Each bucket holds all that is at most its bound. */
  private valuesOf(labels: Labels<L>, { counts, sum }: DurationSeries) {
    let count = 0
    const value = (part: string, figure: number, more: { readonly le?: number | string }) => ({
      metricName: `${this.name}_${part}`,
      labels: { ...more, ...labels },
      value: figure,
    })
    const buckets = [...counts].map((inBucket, at) => {
      count += inBucket
      return value('bucket', count, { le: this.bounds[at] ?? '+Inf' })
    })
    return [...buckets, value('sum', sum, {}), value('count', count, {})]
  }
}
