// A writer process seen from outside: what it said so far, what it is waited to say, and how it is ended.
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Report, ReportKind, WriterOrders } from './writer-reports.js'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))

/** How any TypeScript file of this project is run by the Node that runs this one, without a process between. */
export function commandFor(file: string): readonly [command: string, ...args: string[]] {
  const loader = new URL('../../scripts/typescript.mjs', import.meta.url).href
  return [process.execPath, '--import', loader, join(PROJECT, file)]
}

export interface Surroundings {
  /** Comes before the command, such as `prlimit --nofile=40`. */
  readonly wrapped?: readonly string[]
  readonly uid?: number
}

interface Listener {
  readonly is: ReportKind
  resolve(report: Report): void
  reject(error: Error): void
}

export class Writer {
  readonly reports: Report[] = []
  /** Resolves once the process is gone and everything it said has been heard. */
  readonly gone: Promise<void>
  private readonly listeners = new Set<Listener>()
  private readonly child: ChildProcess
  private complaint = ''

  constructor(orders: WriterOrders, { wrapped = [], uid }: Surroundings = {}) {
    const [command, ...args] = [...wrapped, ...commandFor('test/crash/writer-process.ts'), JSON.stringify(orders)]
    const identity = uid === undefined ? {} : { uid, gid: uid }
    this.child = spawn(command as string, args, { stdio: ['pipe', 'pipe', 'pipe'], ...identity })
    this.child.stderr?.on('data', text => {
      this.complaint += String(text)
    })
    // Writing to a process that has just died is no fault of the test.
    this.child.stdin?.on('error', () => undefined)
    if (this.child.stdout !== null) createInterface({ input: this.child.stdout }).on('line', line => this.hear(line))
    this.gone = new Promise(resolve => this.child.once('close', () => resolve(this.left())))
  }

  get pid(): number {
    return this.child.pid as number
  }

  all<K extends ReportKind>(is: K): Extract<Report, { is: K }>[] {
    return this.reports.filter((report): report is Extract<Report, { is: K }> => report.is === is)
  }

  /** The next report of the kind, or the first there has been. */
  async says<K extends ReportKind>(is: K, { again = false } = {}): Promise<Extract<Report, { is: K }>> {
    const known = again ? undefined : this.all(is)[0]
    if (known !== undefined) return known
    if (this.child.exitCode !== null || this.child.signalCode !== null) throw this.silence(is)
    return new Promise((resolve, reject) => {
      this.listeners.add({ is, resolve: report => resolve(report as Extract<Report, { is: K }>), reject })
    })
  }

  /** Goes on to the next thing it was ordered to wait with: opening, or closing. */
  tell(): void {
    this.child.stdin?.write('on\n')
  }

  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.child.kill(name)
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.gone
  }

  private hear(line: string): void {
    // The last line of a process that was killed may be cut off: what it was about to tell, it has not told.
    const report = parse(line)
    if (report === undefined) return
    this.reports.push(report)
    for (const listener of this.listeners) {
      if (listener.is !== report.is) continue
      this.listeners.delete(listener)
      listener.resolve(report)
    }
  }

  private left(): void {
    for (const { is, reject } of this.listeners) reject(this.silence(is))
    this.listeners.clear()
  }

  private silence(awaited: ReportKind): Error {
    const last = JSON.stringify(this.reports.at(-1) ?? 'nothing')
    return new Error(`the writer ended before it said '${awaited}'; its last words: ${last} ${this.complaint}`)
  }
}

function parse(line: string): Report | undefined {
  try {
    return JSON.parse(line) as Report
  } catch {
    return undefined
  }
}
