// A server of the command's own, for as long as the command runs: in a process beside it, on a directory that is removed at the end.
import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { signToken } from '../../auth/sign-token.js'
import { defaultModeThresholds, defaultServiceLevels } from '../../config/figures.js'
import { NoServer } from '../usage-error.js'
import type { MemoryInUse } from './heap-probe.js'

const SERVER = fileURLToPath(new URL('../../main.js', import.meta.url))
const HEAP_PROBE = new URL('./heap-probe.js', import.meta.url).href
const DRIVEN_CLOCK = new URL('./driven-clock.js', import.meta.url).href
const TOKEN_SECONDS = 3_600
/** Of what it has said when it does not start. */
const LAST_LINES = 5

/** Nobody shares it, so nothing is to be held back. */
const PLENTY = { requestsPerMinute: 1e9, eventsPerMinute: 1e9, bytesPerMinute: 1e12 }

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export class OwnServer {
  /** Empty until it is made. */
  private place = ''
  private readonly secret = randomBytes(32).toString('base64url')
  private child: ChildProcess | undefined
  private port = 0
  private onMemory: (memory: MemoryInUse | undefined) => void = () => undefined
  private readonly onExit = () => this.removeAtOnce()
  private readonly onSignal = (signal: NodeJS.Signals) => process.exit(128 + constants.signals[signal])

  private readonly since = Date.now()

  private constructor(
    private readonly more: NodeJS.Dict<string>,
    /** Its directory stays when it ends. */
    private readonly isKept: boolean,
    /** So many times as fast as the time here its time goes by. */
    private readonly clock: number,
  ) {
    // Before there is anything: whatever ends this process, neither the server nor its directory stays behind.
    process.once('exit', this.onExit)
    for (const signal of ENDING) process.once(signal, this.onSignal)
  }

  /** In a new directory below this one, with these settings more. */
  static start(below = tmpdir(), more: NodeJS.Dict<string> = {}, clock = 1): Promise<OwnServer> {
    return new OwnServer(more, false, clock).begin(() => mkdtempSync(join(below, 'lighthouse-')))
  }

  /** In this directory, on what is there, and it stays there. */
  static on(directory: string, more: NodeJS.Dict<string> = {}): Promise<OwnServer> {
    return new OwnServer(more, true, 1).begin(() => directory)
  }

  private async begin(place: () => string): Promise<this> {
    try {
      this.place = place()
      await this.bringUp()
      return this
    } catch (error) {
      await this.remove()
      throw error
    }
  }

  get directory(): string {
    return this.place
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  token(): Promise<string> {
    const aheadSeconds = ((Date.now() - this.since) / 1_000) * (this.clock - 1)
    const expiresInSeconds = Math.ceil(aheadSeconds + TOKEN_SECONDS * this.clock)
    return signToken({ agentId: 'operator', role: 'admin', expiresInSeconds }, this.secret)
  }

  /** As the kernel does it: at once, in the middle of whatever it does. */
  async kill(): Promise<void> {
    const { child } = this
    this.child = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  /** On its directory, behind the same address once it has one. Resolves when it is ready. */
  async bringUp(): Promise<void> {
    const child = spawn(process.execPath, [...this.loadedBefore(), SERVER], {
      // A terminal sends Ctrl-C to all of a group, and this command ends its server by itself.
      detached: true,
      env: { ...othersOf(process.env), ...this.settings(), ...drivenSettings(this.clock), ...this.more },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    }) as ChildProcessByStdio<null, Readable, Readable>
    this.child = child
    child.on('message', (memory: MemoryInUse) => this.onMemory(memory))
    child.once('disconnect', () => this.onMemory(undefined))
    const said: string[] = []
    createInterface({ input: child.stderr }).on('line', line => said.push(line))
    const address = await new Promise<URL>((found, failed) => {
      child.once('error', failed)
      child.once('close', code => failed(notStarted(code, said)))
      // Its lines are read to the end, because a full pipe would hold it.
      createInterface({ input: child.stdout }).on('line', line => {
        if (said.length < 1_000) said.push(line)
        const listening = /"address":"([^"]+)".*"message":"listening"/.exec(line)?.[1]
        if (listening !== undefined) found(new URL(listening))
      })
    })
    this.port = Number(address.port)
  }

  private loadedBefore(): readonly string[] {
    const probe = ['--import', HEAP_PROBE]
    if (this.clock === 1) return probe
    return ['--import', `${DRIVEN_CLOCK}?factor=${this.clock}&since=${this.since}`, ...probe]
  }

  /** The user's own settings are for another server. */
  private settings(): NodeJS.Dict<string> {
    return {
      LIGHTHOUSE_ENV: 'test',
      LIGHTHOUSE_HOST: '127.0.0.1',
      LIGHTHOUSE_PORT: String(this.port),
      LIGHTHOUSE_DATA_DIR: this.place,
      LIGHTHOUSE_JWT_SECRET: this.secret,
      LIGHTHOUSE_LOG_LEVEL: 'info',
      LIGHTHOUSE_LOG_FORMAT: 'json',
      LIGHTHOUSE_QUOTAS: JSON.stringify({ admin: PLENTY }),
      // What is lost when the machine fails is thrown away in any case.
      LIGHTHOUSE_ALLOW_UNSAFE_FILESYSTEM: 'true',
    }
  }

  /** What is in use after a collection; undefined where the server is away. */
  memory(): Promise<MemoryInUse | undefined> {
    return new Promise(resolve => {
      if (this.child?.connected !== true) return resolve(undefined)
      this.onMemory = resolve
      this.child.send('memory', () => undefined)
    })
  }

  /** It ends, and nothing of it stays but what is kept. */
  async remove(): Promise<void> {
    await this.kill()
    process.off('exit', this.onExit)
    for (const signal of ENDING) process.off(signal, this.onSignal)
    this.removeDirectory()
  }

  private removeAtOnce(): void {
    this.child?.kill('SIGKILL')
    this.removeDirectory()
  }

  /** A server that was killed this moment may still be making a file there. */
  private removeDirectory(): void {
    if (this.place !== '' && !this.isKept)
      rmSync(this.place, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
  }
}

/** What these settings are otherwise, and the most that they take. */
const SLOW_MS = 1_000
const STORAGE_TIMEOUT_SECONDS = 30
const LONGEST = 3_600

/** By a clock that goes faster all that takes time takes longer, and nothing is the worse for it. */
function drivenSettings(clock: number): NodeJS.Dict<string> {
  if (clock === 1) return {}
  const { writeLatencyMs } = defaultModeThresholds
  const writes = { warning: writeLatencyMs.warning * clock, critical: writeLatencyMs.critical * clock }
  const unwatched = { warning: 2, critical: 2 }
  const levels = Object.entries(defaultServiceLevels).map(([name, level]) => [
    name,
    { ...level, withinMs: level.withinMs * clock },
  ])
  return {
    LIGHTHOUSE_MODE_THRESHOLDS: JSON.stringify({
      writeLatencyMs: writes,
      storageUsed: unwatched,
      memoryUsed: unwatched,
    }),
    LIGHTHOUSE_SLOW_OPERATION_MS: String(Math.min(LONGEST, SLOW_MS * clock)),
    LIGHTHOUSE_STORAGE_TIMEOUT_SECONDS: String(Math.min(LONGEST, STORAGE_TIMEOUT_SECONDS * clock)),
    LIGHTHOUSE_SERVICE_LEVELS: JSON.stringify(Object.fromEntries(levels)),
  }
}

function othersOf(env: NodeJS.ProcessEnv): NodeJS.Dict<string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('LIGHTHOUSE_')))
}

function notStarted(code: number | null, said: readonly string[]): NoServer {
  const last = said.slice(-LAST_LINES).join('\n')
  return new NoServer(
    `A server of its own did not start (exit ${code}):\n${last}\nNext: lighthouse doctor says what is wrong with this machine.`,
  )
}
