// A server and the processes it has started, as /proc sees them, and what else the machine was busy with meanwhile.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

const TICKS_PER_SECOND = 100
const KERNEL_THREADS = 2

export class ProcessTree {
  constructor(readonly root: number) {}

  pids(): number[] {
    const found = [this.root]
    for (const pid of found) found.push(...numbers(read(`/proc/${pid}/task/${pid}/children`)))
    return found
  }

  /** Of all threads, of children that have ended as well. */
  cpuSeconds(): number {
    return this.pids().reduce((sum, pid) => sum + ticksOf(pid, true), 0) / TICKS_PER_SECOND
  }

  /** Memory that several of them share counts once. */
  residentBytes(): number {
    return this.pids().reduce((sum, pid) => {
      const kib = /^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1]
      return sum + Number(kib ?? 0) * 1024
    }, 0)
  }
}

/** Fields after the name in brackets, which may hold anything: 11 to 14 are the times of the process and of its children. */
function ticksOf(pid: number, withChildren: boolean): number {
  const fields = read(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, '')
    .split(' ')
  const times = fields.slice(11, withChildren ? 15 : 13).map(Number)
  return fields.length < 15 ? 0 : times.reduce((sum, time) => sum + time, 0)
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    // It has ended.
    return ''
  }
}

function numbers(text: string): number[] {
  return text
    .split(' ')
    .filter(word => word.trim() !== '')
    .map(Number)
}

/**
 * CPU seconds that were spent by nobody we know: not by the server that is measured, nor by this process, nor by the
 * kernel's own threads, which do what those two ask for.
 */
export class OtherLoad {
  private readonly begun = performance.now()
  private readonly kernelBefore = kernelTicks()
  private readonly before: number

  constructor(private readonly measured: ProcessTree) {
    this.before = this.secondsBesideKernel()
  }

  /** Cores, on average since it was made. */
  cores(): number {
    const seconds = (performance.now() - this.begun) / 1_000
    const others = this.secondsBesideKernel() - this.before - this.kernelSeconds()
    return Math.max(0, others) / seconds
  }

  private secondsBesideKernel(): number {
    const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = numbers(
      read('/proc/stat')
        .split('\n', 1)[0]
        ?.replace(/^cpu\s+/, '') ?? '',
    )
    const busy = (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND
    const own = process.cpuUsage()
    return busy - this.measured.cpuSeconds() - (own.user + own.system) / 1e6
  }

  /** Of the threads that are there now: one that has ended takes its count with it. */
  private kernelSeconds(): number {
    let ticks = 0
    for (const [pid, now] of kernelTicks()) ticks += now - (this.kernelBefore.get(pid) ?? 0)
    return ticks / TICKS_PER_SECOND
  }
}

function kernelTicks(): Map<number, number> {
  const pids = readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
  const threads = pids.filter(pid => pid === KERNEL_THREADS || isKernelThread(pid))
  return new Map(threads.map(pid => [pid, ticksOf(pid, false)]))
}

const kinds = new Map<number, boolean>()

/** They have no program. A number is not given to another process within the time of a bench. */
function isKernelThread(pid: number): boolean {
  let kind = kinds.get(pid)
  if (kind === undefined) {
    kind = hasNoProgram(pid)
    kinds.set(pid, kind)
  }
  return kind
}

function hasNoProgram(pid: number): boolean {
  try {
    readlinkSync(`/proc/${pid}/exe`)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' && read(`/proc/${pid}/cmdline`) === ''
  }
}

export interface Program {
  readonly command: string
  readonly args: readonly string[]
  readonly directory: string
  readonly uid?: number
  readonly env?: Readonly<Record<string, string>>
  /** Ends it in an orderly way. */
  readonly signal?: NodeJS.Signals
  ready(): Promise<boolean>
}

export interface RunningProgram {
  readonly processes: ProcessTree
  readonly readyMs: number
  stop(): Promise<void>
}

export async function startProgram(started: Program): Promise<RunningProgram> {
  const { command, args, directory, uid, env = {}, signal = 'SIGTERM' } = started
  const log = openSync(join(directory, 'server.log'), 'a')
  // Asked in vain, so that loading what asks is no part of the start.
  await started.ready().catch(() => false)
  const begun = performance.now()
  const child: ChildProcess = spawn(command, args, {
    cwd: directory,
    env: { ...process.env, ...env },
    stdio: ['ignore', log, log],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  })
  const exit = once(child, 'exit')
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  while (!(await started.ready().catch(() => false))) {
    if (child.exitCode !== null)
      throw new Error(`${command} ended: ${read(join(directory, 'server.log')).slice(-2_000)}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  return {
    processes: new ProcessTree(child.pid as number),
    readyMs: performance.now() - begun,
    stop: async () => {
      child.kill(signal)
      await exit
      process.off('exit', kill)
    },
  }
}
