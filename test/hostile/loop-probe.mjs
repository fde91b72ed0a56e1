// Loaded into the process of a server under attack: measures how late its event loop is, and writes it down whenever SIGUSR2 asks.
import { appendFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { isMainThread } from 'node:worker_threads'

const RESOLUTION_MS = 5
const STALL_MS = 20
const STALLS_KEPT = 10

const file = process.env['LOOP_PROBE_FILE']

/** The longest delays, each with the processor time of the loop's thread in it: the rest of it the machine was busy elsewhere. */
let stalls = []
/** The most processor time between two looks at the clock. */
let workMs = 0
let expected = performance.now() + RESOLUTION_MS
let cpu = process.threadCpuUsage()

function watch() {
  const now = performance.now()
  const used = process.threadCpuUsage()
  const lateMs = now - expected
  const cpuMs = (used.user - cpu.user + used.system - cpu.system) / 1000
  workMs = Math.max(workMs, cpuMs)
  if (lateMs > STALL_MS) {
    stalls.push({ lateMs: rounded(lateMs), cpuMs: rounded(cpuMs) })
    if (stalls.length > 4 * STALLS_KEPT) longest()
  }
  cpu = used
  expected = now + RESOLUTION_MS
  setTimeout(watch, RESOLUTION_MS).unref()
}

function longest() {
  stalls = stalls.toSorted((one, other) => other.lateMs - one.lateMs).slice(0, STALLS_KEPT)
  return stalls
}

function rounded(milliseconds) {
  return Math.round(milliseconds * 10) / 10
}

function begin() {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  // What is measured is the time between two samples.
  const late = nanoseconds => Math.max(0, rounded(nanoseconds / 1e6 - RESOLUTION_MS))
  let since = performance.now()
  let used = process.cpuUsage()
  delay.enable()
  watch()
  process.on('SIGUSR2', () => {
    const { user, system } = process.cpuUsage(used)
    const figures = {
      seconds: rounded(performance.now() - since) / 1000,
      delayMs: { p50: late(delay.percentile(50)), p99: late(delay.percentile(99)), max: late(delay.max) },
      stalls: longest(),
      workMs: rounded(workMs),
      cpuSeconds: rounded((user + system) / 1000) / 1000,
      memory: process.memoryUsage(),
    }
    appendFileSync(file, `${JSON.stringify(figures)}\n`)
    delay.reset()
    stalls = []
    workMs = 0
    since = performance.now()
    used = process.cpuUsage()
  })
}

if (isMainThread && file !== undefined) begin()
