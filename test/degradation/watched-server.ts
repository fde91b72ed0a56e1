// A real server with writers and a reader, and the timeline of what they saw.
import type { AlertingSettings } from '../../src/config/alerting-settings.js'
import { RunningServer, tokenOf } from '../support/running-server.js'
import { until } from '../support/until.js'
import { ToldAlerts } from './told-alerts.js'

const STREAM = 'tasks'
const WRITERS = 4
/** Of each writer, for each of them. */
const PAUSE_MS = 4
/** As they are in production; elsewhere a full laptop is no trouble. */
export const THRESHOLDS = {
  storageUsed: { warning: 0.9, critical: 0.95 },
  memoryUsed: { warning: 0.9, critical: 0.95 },
}
const PLENTY = { requestsPerMinute: 1e9, eventsPerMinute: 1e9, bytesPerMinute: 1e12 }

export interface Moment {
  readonly ms: number
  readonly what: string
}

export interface Watching {
  /** How many appends are under way at once. */
  readonly writers?: number
  readonly env?: Readonly<Record<string, string>>
  readonly pace?: Partial<AlertingSettings>
  readonly directory?: string
  readonly through?: readonly string[]
}

export class WatchedServer {
  readonly timeline: Moment[] = []
  readonly acknowledged = new Set<number>()
  reads = 0
  readonly failedReads: string[] = []
  mode = 'NORMAL'
  private next = 0
  private readonly beganMs = performance.now()
  private stop = new AbortController()
  private work: Promise<void>[] = []

  private constructor(
    public server: RunningServer,
    private readonly token: string,
    private readonly watching: Watching,
    readonly alerts: ToldAlerts,
  ) {}

  static async start(watching: Watching): Promise<WatchedServer> {
    const alerts = await ToldAlerts.start()
    const env = { ...ENV, ...alerts.envOf(watching.pace), ...watching.env }
    const server = await RunningServer.start(env, watching.directory, watching.through)
    const token = await tokenOf({ sub: 'operator', role: 'admin' })
    const watched = new WatchedServer(server, token, { ...watching, env }, alerts)
    watched.begin()
    return watched
  }

  get ms(): number {
    return Math.round(performance.now() - this.beganMs)
  }

  note(what: string): void {
    this.timeline.push({ ms: this.ms, what })
  }

  /** Resolves with how long it took. */
  async becomes(...modes: readonly string[]): Promise<number> {
    const from = this.ms
    await this.until(() => modes.includes(this.mode))
    return this.ms - from
  }

  async until(holds: () => boolean | Promise<boolean>): Promise<void> {
    await until(holds)
  }

  async ask(method: string, path: string, body?: unknown): Promise<Response> {
    const headers = { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' }
    const sent = body === undefined ? {} : { body: JSON.stringify(body) }
    const answer = await fetch(`${this.server.url}${path}`, { method, headers, signal: this.stop.signal, ...sent })
    this.see(answer.headers.get('lighthouse-mode') ?? 'NORMAL')
    return answer
  }

  /** Ended in order, and started once more on what it has left, which the operator may have seen to in between. */
  async restart(seeTo: (directory: string) => void = () => undefined): Promise<void> {
    await this.rest()
    await this.server.end()
    this.note('ended')
    seeTo(this.server.directory)
    const { env, through } = this.watching
    this.server = await RunningServer.start(env, this.server.directory, through)
    this.note('started again')
    this.begin()
  }

  /** Acknowledged events that are not stored, and events that are stored twice. Ends the writing and the reading. */
  async lost(): Promise<{ readonly missing: number; readonly twice: number }> {
    await this.rest()
    const stored = new Map<number, number>()
    let after = 0
    for (;;) {
      const answer = await this.ask('GET', `/v1/events?stream=${STREAM}&limit=1000&after=${after}`)
      const { events } = (await answer.json()) as { events: { position: number; data: { n: number } }[] }
      for (const { data } of events) stored.set(data.n, (stored.get(data.n) ?? 0) + 1)
      if (events.length === 0) break
      after = (events.at(-1) as { position: number }).position
    }
    const missing = [...this.acknowledged].filter(n => !stored.has(n)).length
    return { missing, twice: [...stored.values()].filter(times => times > 1).length }
  }

  print(name: string): void {
    const moments = [...this.timeline, ...this.alerts.timeline(this.beganMs)].sort((one, other) => one.ms - other.ms)
    const lines = moments.map(({ ms, what }) => `  ${(ms / 1_000).toFixed(1).padStart(7)} s  ${what}`)
    process.stdout.write(`${name}: ${this.acknowledged.size} acknowledged, ${this.reads} reads\n${lines.join('\n')}\n`)
  }

  async end(): Promise<void> {
    await this.rest()
    await this.server.stop().finally(() => this.alerts.end())
  }

  private async rest(): Promise<void> {
    this.stop.abort()
    await Promise.allSettled(this.work)
    this.stop = new AbortController()
  }

  private begin(): void {
    const { writers = WRITERS } = this.watching
    const again = async (turn: () => Promise<void>) => {
      const { signal } = this.stop
      while (!signal.aborted) await turn()
    }
    this.work = [...Array.from({ length: writers }, () => again(() => this.write())), again(() => this.read())]
  }

  private async write(): Promise<void> {
    const n = this.next++
    const event = { type: 'TaskAdded', stream: STREAM, data: { n } }
    const answer = await this.quiet('POST', '/v1/events', event)
    if (answer?.status === 201) this.acknowledged.add(n)
    // Together a few hundred a second. Who is refused comes back a little later, as the answer asks.
    await pause(answer?.status === 201 ? PAUSE_MS * (this.watching.writers ?? WRITERS) : 100)
  }

  /** The newest events: what memory and the page cache hold. */
  private async read(): Promise<void> {
    const answer = await this.quiet('GET', '/v1/events?limit=10&order=desc')
    if (answer === undefined) return
    this.reads++
    if (!answer.ok) this.failedReads.push(`${this.ms} ms: ${answer.status}`)
    await pause(20)
  }

  private async quiet(method: string, path: string, body?: unknown): Promise<Response | undefined> {
    const { signal } = this.stop
    try {
      const answer = await this.ask(method, path, body)
      await answer.arrayBuffer()
      return answer
    } catch (error) {
      if (!signal.aborted && method === 'GET') this.failedReads.push(`${this.ms} ms: ${String(error)}`)
      return undefined
    }
  }

  private see(mode: string): void {
    if (mode === this.mode) return
    this.mode = mode
    this.note(`the mode is ${mode}`)
  }
}

/** The pace of the load. */
async function pause(ms: number): Promise<void> {
  const end = performance.now() + ms
  await until(() => performance.now() >= end, ms)
}

const ENV = {
  LIGHTHOUSE_PORT: '0',
  LIGHTHOUSE_QUOTAS: JSON.stringify({ admin: PLENTY }),
  LIGHTHOUSE_MODE_THRESHOLDS: JSON.stringify(THRESHOLDS),
}
