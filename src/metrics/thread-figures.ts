// What a front thread tells the writer of its metrics, and how series of several threads are known for the same.
import type { MetricObject } from 'prom-client'
import { ThreadNotice, ThreadQuestion } from '../threads/thread-calls.js'
import type { EventCounts } from './appended-events.js'

export interface Series {
  readonly labels: Readonly<Record<string, string | number | undefined>>
  /** Of a part of a histogram. */
  readonly metricName?: string
  value: number
}

export interface Collected {
  readonly name: string
  readonly type: unknown
  readonly values: readonly Series[]
}

/** What a registry needs of a metric to make its text, and what every metric has. */
export type Collecting = MetricObject & { readonly labelNames: readonly string[]; get(): Promise<Collected> }

export interface MetricFigures {
  readonly name: string
  readonly values: readonly Series[]
}

export interface ThreadFigures {
  /** What counters and histograms have counted since the thread was asked last, so that the writer only adds. */
  readonly counted: readonly MetricFigures[]
  /** Gauges as they are. */
  readonly current: readonly MetricFigures[]
}

export const FIGURES = new ThreadQuestion<void, ThreadFigures>('metrics')
export const EVENTS_COUNTED = new ThreadNotice<EventCounts>('events counted')

/** The same text for the same series of every thread. */
export function seriesKey({ labels, metricName = '' }: Series): string {
  let text = metricName
  for (const label in labels) text += `\n${label}=${labels[label]}`
  return text
}
