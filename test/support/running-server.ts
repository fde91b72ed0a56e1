// The built server in a process of its own, on a free port and a directory of its own, and tokens it takes.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { SignJWT } from 'jose'
import { makeTempDirectory, removeTempDirectory } from './temp-directory.js'

export const TEST_SECRET = 'the secret of a server under test, 32 bytes and more'

export interface Claims {
  readonly sub?: string
  readonly role?: string
  readonly permissions?: Readonly<Record<string, readonly string[]>>
  readonly [claim: string]: unknown
}

export function tokenOf(claims: Claims, secret = TEST_SECRET): Promise<string> {
  const signing = new SignJWT({ ...claims }).setProtectedHeader({ alg: 'HS256' })
  return ('exp' in claims ? signing : signing.setExpirationTime('1h')).sign(Buffer.from(secret))
}

export class RunningServer {
  /** Every line the server has logged. */
  readonly lines: string[] = []
  private readonly over: Promise<unknown>
  private asked = false
  private hasEndedAsMeant = false

  private constructor(
    readonly url: string,
    readonly directory: string,
    private readonly child: ChildProcess,
  ) {
    // Not its exit: what it has said last is still on its way then.
    this.over = child.exitCode === null && child.signalCode === null ? once(child, 'close') : Promise.resolve()
  }

  /** On a directory of its own, or on one that another server has left behind; `through` is a command that runs it. */
  static async start(
    env: Readonly<Record<string, string>> = {},
    directory: string = makeTempDirectory(),
    through: readonly string[] = [],
  ): Promise<RunningServer> {
    const settings = {
      LIGHTHOUSE_ENV: 'test',
      LIGHTHOUSE_DATA_DIR: directory,
      LIGHTHOUSE_JWT_SECRET: TEST_SECRET,
      LIGHTHOUSE_LOG_LEVEL: 'info',
    }
    const [command = '', ...args] = [...through, process.execPath, resolve('dist/main.js')]
    const child = spawn(command, args, {
      env: { ...process.env, ...settings, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const early: string[] = []
    const output = createInterface({ input: child.stdout as NodeJS.ReadableStream })
    const address = await new Promise<string>((found, failed) => {
      child.once('close', code => failed(new Error(`the server ended with ${code}:\n${early.join('\n')}`)))
      output.on('line', line => {
        early.push(line)
        const listening = /"address":"([^"]+)".*"message":"listening"/.exec(line)?.[1]
        if (listening !== undefined) found(listening)
      })
    })
    const server = new RunningServer(address, directory, child)
    output.removeAllListeners('line').on('line', line => server.lines.push(line))
    server.lines.push(...early)
    return server
  }

  get pid(): number {
    return this.child.pid as number
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  /** Undefined where there is no /proc. */
  get residentBytes(): number | undefined {
    try {
      return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))?.[1]) * 1024
    } catch {
      return undefined
    }
  }

  /** Resolves when its end is known, if its port takes no connections any more; at once if it does. */
  async settled(): Promise<void> {
    try {
      await (await fetch(`${this.url}/livez`)).arrayBuffer()
    } catch {
      if (this.running) await once(this.child, 'exit')
    }
  }

  /** Resolves with its exit code once it has ended, which the test has brought about. */
  async endsByItself(): Promise<number | null> {
    await this.over
    this.hasEndedAsMeant = true
    return this.child.exitCode
  }

  /** Asks it to end, and answers its exit code. The directory stays. */
  async end(): Promise<number | null> {
    await this.endBy('SIGTERM')
    return this.child.exitCode
  }

  /** Ends it as the kernel does: at once, in the middle of whatever it does. The directory stays. */
  async kill(): Promise<void> {
    await this.endBy('SIGKILL')
  }

  private async endBy(signal: NodeJS.Signals): Promise<void> {
    if (this.running) {
      this.asked = true
      this.child.kill(signal)
    }
    await this.over
    this.mustHaveLived()
  }

  /** Nothing a test does may end a server that was not asked to end: the test that did it fails, whatever else it looked at. */
  private mustHaveLived(): void {
    if (this.hasEndedAsMeant) return
    const fatal = this.lines.filter(line => line.includes('"level":"fatal"'))
    const code = this.asked ? 0 : this.child.exitCode
    if (fatal.length === 0 && (code === null || code === 0)) return
    throw new Error(`the server did not live through the test (exit ${this.child.exitCode}):\n${fatal.join('\n')}`)
  }

  async stop(): Promise<void> {
    await this.end().finally(() => removeTempDirectory(this.directory))
  }
}
