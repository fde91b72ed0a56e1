// The built server with a probe of its event loop inside, and its memory watched from outside.
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { RunningServer } from '../support/running-server.js'

const SAMPLE_MS = 100
const LOOK_MS = 20

export interface LoopFigures {
  readonly seconds: number
  readonly delayMs: { readonly p50: number; readonly p99: number; readonly max: number }
  /** The longest delays, and how much of each the loop's own thread was at work. */
  readonly stalls: readonly { readonly lateMs: number; readonly cpuMs: number }[]
  /** The most the loop's thread was at work between two looks at the clock. */
  readonly workMs: number
  readonly cpuSeconds: number
  readonly memory: Readonly<Record<string, number>>
}

export class WatchedServer {
  /** Lines of the log that tell of an error of its own. */
  readonly complaints: string[] = []
  private peakBytes = 0
  private readonly timer = setInterval(() => this.look(), SAMPLE_MS)

  private constructor(
    readonly server: RunningServer,
    private readonly file: string,
  ) {}

  /** On a directory that has been filled before; its quotas and limits are those every server has. */
  static async start(directory: string): Promise<WatchedServer> {
    const file = join(directory, '..', `loop-${process.pid}-${Date.now()}.jsonl`)
    const probe = pathToFileURL(resolve('test/hostile/loop-probe.mjs')).href
    const env = { LOOP_PROBE_FILE: file, NODE_OPTIONS: `--import=${probe}` }
    return new WatchedServer(await RunningServer.start(env, directory), file)
  }

  get url(): string {
    return this.server.url
  }

  get residentBytes(): number {
    return this.server.residentBytes ?? 0
  }

  /** Since the last time this was asked. */
  takePeak(): number {
    this.look()
    const peak = this.peakBytes
    this.peakBytes = 0
    return peak
  }

  /** What the loop did since the last time this was asked; undefined when the server is gone. */
  async figures(): Promise<LoopFigures | undefined> {
    const before = this.lines().length
    if (!this.server.running) return undefined
    process.kill(this.server.pid, 'SIGUSR2')
    const written = Promise.withResolvers<LoopFigures | undefined>()
    const timer = setInterval(() => {
      const line = this.lines()[before]
      if (line !== undefined) written.resolve(JSON.parse(line))
      else if (!this.server.running) written.resolve(undefined)
    }, LOOK_MS)
    return written.promise.finally(() => clearInterval(timer))
  }

  /** Ends the server, and answers its exit code. */
  async end(): Promise<number | null> {
    clearInterval(this.timer)
    const code = await this.server.end()
    this.look()
    return code
  }

  private look(): void {
    this.peakBytes = Math.max(this.peakBytes, this.residentBytes)
    // A line for each request: those of a flood are not to fill the memory of whoever watches.
    for (const line of this.server.lines.splice(0)) {
      if (/"level":"(error|fatal)"/.test(line) && this.complaints.length < 1_000) this.complaints.push(line)
    }
  }

  private lines(): string[] {
    try {
      return readFileSync(this.file, 'utf8').split('\n').filter(Boolean)
    } catch {
      return []
    }
  }
}
