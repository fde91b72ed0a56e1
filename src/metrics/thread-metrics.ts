// The metrics of all threads as one registry: the writer asks every front thread, and adds what it says to its own.
import { Registry } from 'prom-client'
import { WRITER_THREAD } from '../threads/this-thread.js'
import type { ThreadCalls } from '../threads/thread-calls.js'
import type { AppendedEvents } from './appended-events.js'
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

/** A scrape waits so long for a thread. */
const PATIENCE_MS = 1_000

interface FrontThread {
  readonly calls: ThreadCalls
  /** A thread that does not answer is not asked once more before it has. */
  asked: Promise<ByMetric | undefined> | undefined
}

/** The series of gauges. */
type ByMetric = ReadonlyMap<string, readonly Series[]>

/** What each thread has answered to one scrape; undefined of one that has not. */
type Answers = ReadonlyMap<number, ByMetric | undefined>

export class ThreadMetrics {
  private readonly joined = new Map<number, FrontThread>()
  /** By metric and series, of all front threads that there ever were: no counter falls when one is gone. */
  private readonly counted = new Map<string, Map<string, Series>>()

  constructor(
    private readonly registry: Registry,
    private readonly appended: AppendedEvents,
  ) {}

  join(thread: number, calls: ThreadCalls): void {
    const joined: FrontThread = { calls, asked: undefined }
    this.joined.set(thread, joined)
    calls.hear(EVENTS_COUNTED, counts => this.appended.take(counts))
    calls.onGone(() => {
      // The one that replaces it may have its number already.
      if (this.joined.get(thread) === joined) this.joined.delete(thread)
    })
  }

  /** Without the gauges of a thread that does not answer in time, and with what its counters had told before. */
  async ofAll(): Promise<Registry> {
    const answers = await this.ask()
    const all = new Registry()
    for (const metric of this.registry.getMetricsAsArray() as Collecting[])
      all.registerMetric(this.shown(metric, answers) as never)
    all.registerMetric(frontThreads(answers) as never)
    return all
  }

  private async ask(): Promise<Answers> {
    const { promise: patience, resolve: giveUp } = Promise.withResolvers<undefined>()
    const timer = setTimeout(giveUp, PATIENCE_MS, undefined)
    const answers = [...this.joined].map(async ([thread, joined]) => {
      joined.asked ??= this.askOne(joined)
      return [thread, await Promise.race([joined.asked, patience])] as const
    })
    try {
      return new Map(await Promise.all(answers))
    } finally {
      clearTimeout(timer)
    }
  }

  private async askOne(joined: FrontThread): Promise<ByMetric | undefined> {
    try {
      return this.add(await joined.calls.ask(FIGURES, undefined))
    } catch {
      // It is gone, or could not collect.
      return undefined
    } finally {
      joined.asked = undefined
    }
  }

  private add({ counted, current }: ThreadFigures): ByMetric {
    for (const { name, values } of counted) {
      const sums = this.counted.get(name) ?? new Map<string, Series>()
      this.counted.set(name, sums)
      addTo(sums, values)
    }
    return new Map(current.map(({ name, values }: MetricFigures) => [name, values]))
  }

  private shown(metric: Collecting, answers: Answers): object {
    const { name, labelNames } = metric
    const rule = ruleOf(name) ?? 'sum'
    if (rule === 'writer') return metric
    const ofFronts = [...answers].map(([thread, figures]) => [thread, figures?.get(name) ?? []] as const)
    const get = async () => {
      const collected = await metric.get()
      if (rule === 'each') {
        const rows = [[WRITER_THREAD, collected.values] as const, ...ofFronts]
        return { ...collected, values: rows.flatMap(([thread, values]) => labelled(values, thread)) }
      }
      const sums = new Map<string, Series>()
      const counted = this.counted.get(name)?.values() ?? []
      for (const values of [collected.values, counted, ...ofFronts.map(([, series]) => series)]) addTo(sums, values)
      return { ...collected, values: [...sums.values()] }
    }
    return { name, labelNames, get }
  }
}

function addTo(sums: Map<string, Series>, values: Iterable<Series>): void {
  for (const series of values) {
    const key = seriesKey(series)
    const sum = sums.get(key)
    if (sum === undefined) sums.set(key, { ...series })
    else sum.value += series.value
  }
}

function labelled(values: readonly Series[], thread: number): Series[] {
  return values.map(series => ({ ...series, labels: { ...series.labels, thread } }))
}

function frontThreads(answers: Answers) {
  const given = [...answers.values()].filter(answer => answer !== undefined).length
  const values = [
    { labels: { answered: 'yes' }, value: given },
    { labels: { answered: 'no' }, value: answers.size - given },
  ]
  const name = 'lighthouse_front_threads'
  const help = 'Front threads, by whether they answered this scrape within a second.'
  return { name, labelNames: ['answered'], get: () => Promise.resolve({ name, help, type: 'gauge', values }) }
}
