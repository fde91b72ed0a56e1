// The built server while it is killed and its clock is bent, and the requests of clients that live through it.
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { RunningServer, tokenOf } from '../../support/running-server.js'
import { makeTempDirectory, removeTempDirectory } from '../../support/temp-directory.js'
import { until } from '../../support/until.js'
import { now } from './history.js'

export interface Answer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: each operation knows what its answer holds.
  readonly body: any
}

/** An answer that nobody heard has no `answer`, and is over at the latest when the process is. */
export interface Asked {
  readonly call: number
  readonly return: number | null
  readonly latestMs: number
  readonly answer: Answer | undefined
}

const LIMITLESS = { requestsPerMinute: 1e9, eventsPerMinute: 1e9, bytesPerMinute: 1e12, batch: 1_000 }
/** No jump of the clock ends the token. */
const YEAR_SECONDS = 365 * 24 * 3_600

export class TriedServer {
  /** How far the clock was bent, and until when that was in force. */
  private readonly bends = [{ ms: 0, until: Infinity }]
  private life = 0
  /** When each life was over. */
  private readonly ends: number[] = []
  private back: Promise<void> = Promise.resolve()

  private constructor(
    private server: RunningServer,
    private readonly env: Readonly<Record<string, string>>,
    private readonly folder: string,
    private readonly token: string,
  ) {}

  static async start(): Promise<TriedServer> {
    const folder = makeTempDirectory()
    const file = join(folder, 'clock')
    writeFileSync(file, '0')
    const env = {
      LIGHTHOUSE_QUOTAS: JSON.stringify({ admin: LIMITLESS }),
      NODE_OPTIONS: `--import=${resolve(import.meta.dirname, 'bent-clock.mjs')}`,
      BENT_CLOCK_FILE: file,
    }
    const server = await RunningServer.start(env)
    const fixed = { ...env, LIGHTHOUSE_PORT: new URL(server.url).port }
    return new TriedServer(
      server,
      fixed,
      folder,
      await tokenOf({ sub: 'judge', role: 'admin', exp: Math.floor(Date.now() / 1_000) + YEAR_SECONDS }),
    )
  }

  get pid(): number {
    return this.server.pid
  }

  /** Waits while the server is away. */
  async ask(method: string, path: string, body?: object, key?: string): Promise<Asked> {
    await this.back
    const { life } = this
    const headers = { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' }
    const init = { method, headers: key === undefined ? headers : { ...headers, 'idempotency-key': key } }
    const call = now()
    try {
      const response = await fetch(`${this.server.url}${path}`, body ? { ...init, body: JSON.stringify(body) } : init)
      const text = await response.text()
      const answer = { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
      return { call, return: now(), latestMs: this.latestMs(call), answer }
    } catch {
      await this.back
      return { call, return: this.ends[life] ?? null, latestMs: this.latestMs(call), answer: undefined }
    }
  }

  /** Like the kernel would, in the middle of whatever it does; comes back with the same data at the same address. */
  async kill(): Promise<void> {
    let isBack = () => {}
    this.back = new Promise(resolve => {
      isBack = resolve
    })
    await this.server.kill()
    this.ends[this.life++] = now()
    this.server = await RunningServer.start(this.env, this.server.directory)
    isBack()
  }

  async bend(ms: number): Promise<void> {
    const { BENT_CLOCK_FILE: file = '' } = this.env
    const before = this.bends.at(-1) as { until: number }
    this.bends.push({ ms, until: Infinity })
    writeFileSync(file, `${ms}`)
    process.kill(this.server.pid, 'SIGUSR2')
    await until(() => readFileSync(`${file}.in-force`, 'utf8') === `${ms}`, 5)
    before.until = now()
  }

  async stop(): Promise<void> {
    await this.server.stop().finally(() => removeTempDirectory(this.folder))
  }

  private latestMs(since: number): number {
    return Date.now() + Math.max(...this.bends.filter(bend => bend.until >= since).map(bend => bend.ms))
  }
}
