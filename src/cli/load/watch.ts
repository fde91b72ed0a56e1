// Looks at the server once a second while a run goes on: its memory, its processor time, its mode, and what waits in it.
import { setTimeout as wait } from 'node:timers/promises'

export interface Sample {
  /** Since the beginning. */
  readonly second: number
  /** How long the server took to say all this; undefined where it did not answer. */
  readonly answeredMs: number | undefined
  readonly residentBytes: number
  readonly heapBytes: number
  /** Since the process began. */
  readonly cpuSeconds: number
  readonly mode: string
  readonly queued: number
  readonly logBytes: number
  readonly head: number
  readonly eventLoopMs: number
}

const EVERY_MS = 1_000
const PATIENCE_MS = 5_000

/** A page of `/metrics`: sums over the labels of a name, and the lines themselves where labels matter. */
export class MetricsPage {
  private readonly sums = new Map<string, number>()
  private readonly lines = new Map<string, number>()

  constructor(text: string) {
    for (const line of text.split('\n')) {
      const [, name, labels = '', value] = /^([a-zA-Z_:][\w:]*)(\{.*\})? (\S+)$/.exec(line) ?? []
      if (name === undefined) continue
      this.sums.set(name, (this.sums.get(name) ?? 0) + Number(value))
      this.lines.set(name + labels, Number(value))
    }
  }

  value(name: string): number {
    return this.sums.get(name) ?? 0
  }

  /** The value of one label where the metric is `true`, as the mode is told. */
  labelOf(name: string, label: string): string {
    for (const [line, value] of this.lines) {
      if (value === 1 && line.startsWith(`${name}{`)) return new RegExp(`${label}="([^"]*)"`).exec(line)?.[1] ?? ''
    }
    return ''
  }

  versionOfServer(): string {
    return this.labelOf('lighthouse_config_info', 'version')
  }

  /** The lines that begin so, with what comes behind. */
  beginningWith(begin: string): readonly (readonly [rest: string, value: number])[] {
    return [...this.lines].flatMap(([line, value]) =>
      line.startsWith(begin) ? [[line.slice(begin.length), value] as const] : [],
    )
  }
}

export class Watch {
  readonly samples: Sample[] = []
  first: MetricsPage | undefined
  last: MetricsPage | undefined
  private readonly over = new AbortController()
  private watching: Promise<void> | undefined

  constructor(
    private readonly url: string,
    private readonly token: () => Promise<string>,
  ) {}

  /** Given how to tell the seconds since the run began. */
  begin(elapsed: () => number): void {
    this.watching = this.watch(elapsed)
  }

  async end(): Promise<void> {
    this.over.abort()
    await this.watching
  }

  private async watch(elapsed: () => number): Promise<void> {
    while (!this.over.signal.aborted) {
      const begun = performance.now()
      const page = await this.look().catch(() => undefined)
      const answeredMs = page === undefined ? undefined : Math.round((performance.now() - begun) * 100) / 100
      this.samples.push(sampleOf(Math.round(elapsed() * 10) / 10, answeredMs, page ?? new MetricsPage('')))
      this.first ??= page
      this.last = page ?? this.last
      const left = Math.max(0, EVERY_MS - (performance.now() - begun))
      await wait(left, undefined, { signal: this.over.signal }).catch(() => undefined)
    }
  }

  async look(): Promise<MetricsPage> {
    const url = new URL('metrics', this.url.endsWith('/') ? this.url : `${this.url}/`)
    const headers = { authorization: `Bearer ${await this.token()}` }
    const answer = await fetch(url, { headers, signal: AbortSignal.timeout(PATIENCE_MS) })
    return new MetricsPage(await answer.text())
  }
}

function sampleOf(second: number, answeredMs: number | undefined, page: MetricsPage): Sample {
  return {
    second,
    answeredMs,
    residentBytes: page.value('process_resident_memory_bytes'),
    heapBytes: page.value('nodejs_heap_size_used_bytes'),
    cpuSeconds: page.value('process_cpu_seconds_total'),
    mode: answeredMs === undefined ? 'AWAY' : page.labelOf('lighthouse_mode', 'mode'),
    queued: page.value('lighthouse_append_queue_length'),
    logBytes: page.value('lighthouse_log_bytes'),
    head: page.value('lighthouse_head_position'),
    eventLoopMs: page.value('lighthouse_event_loop_wait_seconds') * 1_000,
  }
}
