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

  private constructor(
    readonly url: string,
    readonly directory: string,
    private readonly child: ChildProcess,
  ) {}

  /** On a directory of its own, or on one that another server has left behind. */
  static async start(
    env: Readonly<Record<string, string>> = {},
    directory: string = makeTempDirectory(),
  ): Promise<RunningServer> {
    const settings = {
      LIGHTHOUSE_ENV: 'test',
      LIGHTHOUSE_DATA_DIR: directory,
      LIGHTHOUSE_JWT_SECRET: TEST_SECRET,
      LIGHTHOUSE_LOG_LEVEL: 'info',
    }
    const child = spawn(process.execPath, [resolve('dist/main.js')], {
      env: { ...process.env, ...settings, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const early: string[] = []
    const output = createInterface({ input: child.stdout as NodeJS.ReadableStream })
    const address = await new Promise<string>((found, failed) => {
      child.once('exit', code => failed(new Error(`the server ended with ${code}:\n${early.join('\n')}`)))
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

  /** Asks it to end, and answers its exit code. The directory stays. */
  async end(): Promise<number | null> {
    if (!this.running) return this.child.exitCode
    const exit = once(this.child, 'exit')
    this.child.kill('SIGTERM')
    const [code] = await exit
    return code as number | null
  }

  /** Ends it as the kernel does: at once, in the middle of whatever it does. The directory stays. */
  async kill(): Promise<void> {
    if (!this.running) return
    const exit = once(this.child, 'exit')
    this.child.kill('SIGKILL')
    await exit
  }

  async stop(): Promise<void> {
    await this.end()
    removeTempDirectory(this.directory)
  }
}
