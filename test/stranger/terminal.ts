// Commands as a person starts them, on a terminal (`script` of util-linux makes one) or off it, with what they say, and ended as a person ends them.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { stripVTControlCharacters } from 'node:util'

export interface Place {
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
}

const LONGEST_END_MS = 60_000

export const hasTerminals = () => spawnSync('script', ['--version']).status === 0

export class Command {
  private static readonly living = new Set<Command>()
  said = ''
  private ended = false
  private heard = Promise.withResolvers<void>()
  readonly over: Promise<number>

  private constructor(
    readonly line: string,
    private readonly child: ChildProcess,
    private readonly onTerminal: boolean,
  ) {
    for (const output of [child.stdout, child.stderr])
      output?.on('data', (text: Buffer) => {
        this.said += text
        this.tell()
      })
    Command.living.add(this)
    this.over = once(child, 'close').then(([code]) => {
      Command.living.delete(this)
      this.ended = true
      this.tell()
      return code ?? 1
    })
  }

  static onTerminal(line: string, { cwd, env }: Place): Command {
    const terminal = { ...env, TERM: 'xterm', COLUMNS: '160', LINES: '50' }
    const child = spawn('script', ['-qec', line, '/dev/null'], { cwd, env: terminal, detached: true })
    return new Command(line, child, true)
  }

  static offTerminal(line: string, { cwd, env }: Place): Command {
    const child = spawn('bash', ['-c', `exec ${line}`], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    return new Command(line, child, false)
  }

  /** Whatever still runs, and what it has started. */
  static async destroyAll(): Promise<void> {
    await Promise.all([...Command.living].map(command => command.destroy()))
  }

  /** What it has said, as text: without colours, and without what npm turns while it waits. */
  get lines(): string[] {
    const text = stripVTControlCharacters(this.said).replaceAll(/[\r\u2800-\u28ff]/g, '')
    return text.split('\n').filter(line => line.trim() !== '')
  }

  private tell(): void {
    this.heard.resolve()
    this.heard = Promise.withResolvers()
  }

  /** Resolves once it has said so; fails when it ends before, which it does when that takes longer. */
  async until(said: RegExp, ms: number): Promise<void> {
    const late = setTimeout(() => this.kill('SIGKILL'), ms)
    while (!said.test(this.said) && !this.ended) await this.heard.promise
    clearTimeout(late)
    if (!said.test(this.said)) throw new Error(`${this.line} ended without ${said}:\n${this.said.slice(-3_000)}`)
  }

  /** As ^C does on a terminal, and as a supervisor does off it; answers the exit code. */
  async end(): Promise<number> {
    const late = setTimeout(() => this.kill('SIGKILL'), LONGEST_END_MS)
    if (this.onTerminal) this.child.stdin?.write('\x03')
    else this.kill('SIGTERM')
    return this.over.finally(() => clearTimeout(late))
  }

  /** It and all that it started. */
  async destroy(): Promise<void> {
    this.kill('SIGKILL')
    await this.over
  }

  private kill(signal: NodeJS.Signals): void {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    try {
      process.kill(-(this.child.pid as number), signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}
