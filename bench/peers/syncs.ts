// How often a system makes its files durable for each append that it acknowledges, as strace sees its system calls.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { program } from './packages.js'
import type { System } from './system.js'

const APPENDS = 40
const SYNCING = ['fsync', 'fdatasync', 'msync', 'sync_file_range', 'syncfs'] as const
const WRITING = ['write', 'pwrite64', 'writev', 'pwritev', 'pwritev2'] as const
const CALL = new RegExp(`^(\\d+) +(?:(${SYNCING.join('|')})|${WRITING.join('|')})\\((\\d+)`, 'gm')
/** Of a descriptor each of whose writes is synced before it returns. */
const O_DSYNC = 0o10000

/** One client appends, one event at a time: below one sync for each, something was acknowledged that was not durable. */
export async function syncsPerAppend(system: System): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'syncs-'))
  const written = join(folder, 'calls')
  const clients = await system.appending({ kind: 'singles', clients: 1, way: 'http' })
  try {
    await clients.append(0, 0)
    const attached = system.processes.pids().flatMap(pid => ['-p', String(pid)])
    const calls = `trace=${[...SYNCING, ...WRITING].join()}`
    const tracer = spawn(program('strace'), ['-f', '-qq', '-s', '0', '-e', calls, '-o', written, ...attached], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const over = once(tracer, 'exit')
    try {
      await traced(system, tracer.pid as number)
      for (let turn = 1; turn <= APPENDS; turn++) await clients.append(0, turn)
    } finally {
      tracer.kill('SIGINT')
      await over
    }
    const found = [...readFileSync(written, 'latin1').matchAll(CALL)]
    const syncs = found.filter(([, pid, sync, file]) => sync !== undefined || syncsWrites(Number(pid), Number(file)))
    return syncs.length / APPENDS
  } finally {
    await clients.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The kernel names the tracer of each thread. */
async function traced(system: System, tracer: number): Promise<void> {
  const all = () =>
    system.processes.pids().every(pid => threadsOf(pid).every(status => status.includes(`TracerPid:\t${tracer}\n`)))
  const until = performance.now() + 10_000
  while (!all()) {
    if (performance.now() > until) throw new Error(`${system.name} cannot be traced`)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

function threadsOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).flatMap(thread => {
    try {
      return [readFileSync(`/proc/${pid}/task/${thread}/status`, 'latin1')]
    } catch {
      // It has ended.
      return []
    }
  })
}

function syncsWrites(pid: number, descriptor: number): boolean {
  try {
    const flags = /^flags:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/fdinfo/${descriptor}`, 'latin1'))?.[1] ?? '0'
    return (Number.parseInt(flags, 8) & O_DSYNC) !== 0
  } catch {
    // It has been closed since.
    return false
  }
}
