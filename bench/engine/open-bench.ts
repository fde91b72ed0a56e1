// Opening: after a clean stop and after kill -9, in a process of its own, with the memory it then takes.
import { spawn } from 'node:child_process'
import { hash } from 'node:crypto'
import fs from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { median } from './figures.js'
import type { Opened } from './open-child.js'
import type { Report } from './report.js'
import type { Settings } from './settings.js'
import { buildStore } from './stores.js'

const OPENINGS = 5
const KILLED_AFTER_MS = 1_500
const MIB = 1024 * 1024

export const SIZES = [1e5, 1e6, 1e7] as const

export function sizesUpTo(size: number): readonly number[] {
  const sizes = SIZES.filter(known => known < size)
  return [...sizes, size]
}

export async function openBench(report: Report, settings: Settings): Promise<void> {
  const resident: number[] = []
  for (const events of sizesUpTo(settings.size)) {
    const directory = join(settings.directory, `events-${events}`)
    await buildStore({ directory, events })
    report.heading(`Open, ${events.toLocaleString('en-US')} events`)
    const clean: Opened[] = []
    for (let opening = 0; opening < OPENINGS; opening++) clean.push(await measureOpening(directory))
    report.add({
      group: 'open',
      what: `${events} events, after a clean stop`,
      unit: 'ms',
      store: clean.map(one => one.openMs),
      targets: [{ of: 'store', atMost: 1_000 }],
    })
    resident.push(median(clean.map(one => one.usedResidentBytes - one.bareResidentBytes)) / MIB)
    report.add({
      group: 'open',
      what: `${events} events, resident beyond Node, used`,
      unit: 'MB',
      store: [resident.at(-1) as number],
      detail: {
        'opened MB': median(clean.map(one => one.residentBytes - one.bareResidentBytes)) / MIB,
        'heap MB': median(clean.map(one => one.heapBytes)) / MIB,
        'Node alone MB': median(clean.map(one => one.bareResidentBytes)) / MIB,
      },
    })
    await afterKill(report, directory, events)
  }
  const growth = (resident.at(-1) as number) - (resident[0] as number)
  report.add({
    group: 'open',
    what: 'resident growth, smallest to largest',
    unit: 'MB',
    store: [growth],
    targets: [{ of: 'store', atMost: 50 }],
  })
}

async function afterKill(report: Report, directory: string, events: number): Promise<void> {
  const killed: number[] = []
  const passes: number[] = []
  for (let opening = 0; opening < 3; opening++) {
    await appendAndKill(directory)
    passes.push(passOverActive(directory))
    killed.push((await measureOpening(directory)).openMs)
  }
  report.add({
    group: 'open',
    what: `${events} events, after kill -9`,
    unit: 'ms',
    store: killed,
    targets: [{ of: 'store', atMost: 1_000 + median(passes) }],
    detail: { 'one bare read + hash of the active segment, ms': median(passes) },
  })
}

function start(mode: string, directory: string) {
  const script = fileURLToPath(new URL('open-child.ts', import.meta.url))
  const typescript = fileURLToPath(new URL('../../scripts/typescript.mjs', import.meta.url))
  const args = ['--expose-gc', '--import', typescript, script, mode, directory]
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
}

function measureOpening(directory: string): Promise<Opened> {
  return new Promise((resolve, reject) => {
    const child = start('measure', directory)
    let output = ''
    child.stdout.on('data', chunk => {
      output += chunk
    })
    child.on('close', code => {
      if (code === 0) resolve(JSON.parse(output) as Opened)
      else reject(new Error(`opening ${directory} failed with exit code ${code}`))
    })
  })
}

function appendAndKill(directory: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = start('append', directory)
    child.stdout.once('data', () => setTimeout(() => child.kill('SIGKILL'), KILLED_AFTER_MS))
    child.on('close', (_, signal) => {
      if (signal === 'SIGKILL') resolve()
      else reject(new Error(`the appending process on ${directory} ended by itself`))
    })
  })
}

/** Milliseconds to read the newest segment and hash it, with nothing else. */
function passOverActive(directory: string): number {
  const folder = join(directory, 'segments')
  const name = fs
    .readdirSync(folder)
    .filter(entry => entry.endsWith('.log'))
    .sort()
    .at(-1) as string
  const started = performance.now()
  const descriptor = fs.openSync(join(folder, name), 'r')
  const chunk = Buffer.allocUnsafe(MIB)
  for (let at = 0; ; ) {
    const count = fs.readSync(descriptor, chunk, 0, MIB, at)
    if (count === 0) break
    hash('sha256', chunk.subarray(0, count), 'buffer')
    at += count
  }
  fs.closeSync(descriptor)
  return performance.now() - started
}
