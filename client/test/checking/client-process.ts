// One client in a process of its own, and the lines it speaks: what it is told to do, and what it says has happened.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { environment, pythonClient } from '../support/python.js'
import type { Failed, Placed, Said } from './judging.js'

/**
 * To the client, one JSON object a line: `begin` (append to streams `check/…` without end, follow, read and consume them),
 * `stop` (append no more), `finish` (say when everything up to this position was seen, read and settled, and end).
 */
export type Order =
  | { readonly do: 'begin'; readonly url: string; readonly token: string }
  | { readonly do: 'stop' }
  | { readonly do: 'finish'; readonly last: number }

/** From the client. Each line has one of these. */
interface Line {
  readonly acknowledged?: {
    readonly marks: readonly string[]
    readonly events: readonly Placed[]
    readonly duplicate: boolean
  }
  readonly failed?: Failed
  readonly followed?: Placed
  readonly read?: Placed
  readonly handled?: Placed
  readonly interrupted?: string
  readonly stopped?: true
  readonly finished?: true
}

export const CLIENTS = ['typescript', 'python'] as const
export type Kind = (typeof CLIENTS)[number]

const root = join(import.meta.dirname, '..', '..', '..')

function commandOf(kind: Kind): readonly [string, readonly string[]] {
  if (kind === 'python') return [join(environment, 'bin', 'python'), [join(pythonClient, 'tests', 'driver.py')]]
  const loader = join(root, 'scripts', 'typescript.mjs')
  return [process.execPath, ['--no-warnings', '--import', loader, join(import.meta.dirname, 'driver.ts')]]
}

export class ClientProcess {
  readonly said: Said = {
    acknowledged: [],
    failed: [],
    followed: [],
    read: [],
    handled: [],
    duplicates: 0,
    interruptions: 0,
  }
  private readonly child: ChildProcess
  private readonly over: Promise<unknown>
  private stopped = false
  private finished = false
  private changed = Promise.withResolvers<void>()

  constructor(kind: Kind) {
    const [program, args] = commandOf(kind)
    this.child = spawn(program, args, {
      env: { ...process.env, PYTHONPATH: join(pythonClient, 'src'), PYTHONDONTWRITEBYTECODE: '1' },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.over = once(this.child, 'close')
    // A client that ends before its time is found by whoever waits for it, and not by what is written to it.
    this.child.stdin?.on('error', () => undefined)
    const lines = createInterface({ input: this.child.stdout as NodeJS.ReadableStream })
    lines.on('line', line => this.hear(JSON.parse(line) as Line))
    void this.over.then(() => this.changed.resolve())
  }

  tell(order: Order): void {
    this.child.stdin?.write(`${JSON.stringify(order)}\n`)
  }

  get hasStopped(): boolean {
    return this.stopped
  }

  get hasFinished(): boolean {
    return this.finished
  }

  /** Resolves when it holds after something was said; rejects when the client has ended, or said nothing for too long. */
  async until(holds: () => boolean, patienceMs: number): Promise<void> {
    while (!holds()) {
      if (this.child.exitCode !== null || this.child.signalCode !== null) {
        throw new Error(`the client ended before its time (${this.child.exitCode ?? this.child.signalCode})`)
      }
      const silence = Promise.withResolvers<void>()
      const timer = setTimeout(
        () => silence.reject(new Error(`the client has said nothing for ${patienceMs / 1000} s`)),
        patienceMs,
      )
      await Promise.race([this.changed.promise, silence.promise]).finally(() => clearTimeout(timer))
    }
  }

  /** Resolves when it has ended; one that has not finished is ended. */
  async end(): Promise<void> {
    if (!this.finished) this.child.kill('SIGKILL')
    this.child.stdin?.end()
    await this.over
  }

  private hear(line: Line): void {
    const { said } = this
    if (line.acknowledged !== undefined) {
      const { marks, events, duplicate } = line.acknowledged
      for (const [at, { id, position }] of events.entries()) {
        said.acknowledged.push({ id, position, mark: marks[at] ?? 'an event nobody sent' })
      }
      if (duplicate) said.duplicates++
    } else if (line.failed !== undefined) said.failed.push(line.failed)
    else if (line.followed !== undefined) said.followed.push(line.followed)
    else if (line.read !== undefined) said.read.push(line.read)
    else if (line.handled !== undefined) said.handled.push(line.handled)
    else if (line.interrupted !== undefined) said.interruptions++
    this.stopped ||= line.stopped === true
    this.finished ||= line.finished === true
    this.changed.resolve()
    this.changed = Promise.withResolvers()
  }
}
