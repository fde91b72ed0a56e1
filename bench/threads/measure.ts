// One server for each number of threads, measured by turns under the load of one process.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { freePort } from '../../test/support/free-port.js'
import { alternate } from '../engine/figures.js'
import { makeEvents } from '../engine/workload.js'
import { type Running, startLighthouse } from '../http/servers.js'
import { cpuBetween, cpuOfThreads } from './cpu-of-threads.js'
import type { Costs } from './projection.js'
import { BATCH, type Done, type Task, type Workload } from './workloads.js'

/** Enough that a page is full. */
const FILLED = 2_000

export interface Round extends Costs {
  /** Events. */
  readonly perSecond: number
  /** Shares of a core: of the main thread, and of the worker thread that is busiest. */
  readonly mainBusy: number
  readonly workerBusy: number
  readonly p50: number
  readonly p99: number
}

export interface Setup {
  readonly threads: readonly number[]
  readonly rounds: number
  readonly seconds: number
  readonly directory: string
  /** The header's value. */
  readonly authorization: string
}

/** The rounds of each number of threads. Servers are fresh for each workload. */
export async function measure(setup: Setup, workload: Workload, load: LoadProcess): Promise<Map<number, Round[]>> {
  const { threads, rounds, seconds, authorization } = setup
  const servers: Running[] = []
  try {
    const sides: Record<string, () => Promise<Round>> = {}
    for (const count of threads) {
      const server = await start(setup, count)
      servers.push(server)
      await fill(server.url, authorization)
      sides[`${count} threads`] = () =>
        round(server, count, load, { workload, url: server.url, authorization, seconds })
    }
    const results = await alternate(rounds, sides)
    return new Map(threads.map(count => [count, results[`${count} threads`] as Round[]]))
  } finally {
    await Promise.all(servers.map(server => server.stop()))
  }
}

/** One thread is what a server has that nobody has told of threads. */
async function start({ directory }: Setup, threads: number): Promise<Running> {
  const env = threads === 1 ? {} : { LIGHTHOUSE_THREADS: String(threads) }
  return startLighthouse({ directory, port: await freePort(), env })
}

async function fill(url: string, authorization: string): Promise<void> {
  const events = makeEvents({ count: FILLED, seed: 7 })
  for (let at = 0; at < events.length; at += BATCH) {
    const answer = await fetch(`${url}/v1/events/batch`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ events: events.slice(at, at + BATCH) }),
    })
    if (!answer.ok) throw new Error(`filling was refused: ${await answer.text()}`)
    await answer.arrayBuffer()
  }
}

async function round(server: Running, threads: number, load: LoadProcess, task: Task): Promise<Round> {
  const pid = server.process.pid as number
  const before = cpuOfThreads(pid)
  const { events, seconds, cpuUs, p50, p99 } = await load.do(task)
  const { main, workers, busiest, helpers } = cpuBetween(before, cpuOfThreads(pid))
  if (events === 0) throw new Error(`${task.workload}: nothing was done in ${seconds} s`)
  if (threads > 1 && workers < main / 100)
    throw new Error(`a server of ${threads} threads did all its work on one: it does not know LIGHTHOUSE_THREADS`)
  const each = (us: number) => us / events
  const costs = { main: each(main), workers: each(workers), helpers: each(helpers), client: each(cpuUs) }
  const [mainBusy, workerBusy] = [main, busiest].map(us => us / seconds / 1e6) as [number, number]
  return { ...costs, perSecond: events / seconds, mainBusy, workerBusy, p50, p99 }
}

export class LoadProcess {
  private constructor(private readonly child: ChildProcess) {}

  static async start(): Promise<LoadProcess> {
    const args = ['--import', resolve('scripts/typescript.mjs'), resolve('bench/threads/load-process.ts')]
    const load = new LoadProcess(spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }))
    await load.said()
    return load
  }

  async do(task: Task): Promise<Done> {
    const said = this.said()
    this.child.send(task)
    const done = (await said) as Done | { readonly error: string }
    if ('error' in done) throw new Error(`${task.workload}: ${done.error}`)
    return done
  }

  async stop(): Promise<void> {
    const exit = once(this.child, 'exit')
    this.child.disconnect()
    await exit
  }

  private said(): Promise<unknown> {
    return new Promise((answered, failed) => {
      const ended = (code: number | null) => failed(new Error(`the process of the load ended with ${code}`))
      this.child.once('exit', ended)
      this.child.once('message', message => {
        this.child.off('exit', ended)
        answered(message)
      })
    })
  }
}
