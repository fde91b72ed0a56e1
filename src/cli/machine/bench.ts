// `lighthouse bench`: how fast appends and reads are of a server, or of a directory of this machine.
import { setTimeout as wait } from 'node:timers/promises'
import { type Lighthouse, LighthouseError } from '#client'
import { RealDisk } from '../../backends/embedded/engine/disk/real-disk.js'
import type { Terminal } from '../command.js'
import { EXIT } from '../exit.js'
import { reportJson } from '../report-json.js'
import { isOfThisMachine, type Wish } from '../server/address.js'
import { numberFrom } from '../server/options.js'
import { inTable } from '../server/print.js'
import { Server, withServer } from '../server/server.js'
import { Usage } from '../usage-error.js'
import { OwnServer } from './own-server.js'

interface BenchWish extends Wish {
  readonly url?: string
  readonly data: string
  readonly duration: string
  readonly connections: string
  readonly size: string
  readonly yes?: boolean
  readonly json?: boolean
}

/** How much is asked at a time, for how long, of which size. */
interface Load {
  readonly seconds: number
  readonly connections: number
  /** Of the data of an event. */
  readonly bytes: number
}

interface Measured {
  readonly name: string
  readonly events: number
  readonly requests: number
  readonly eventsPerSecond: number
  readonly medianMs: number
  readonly p99Ms: number
  readonly maxMs: number
  /** Tries that the server held back, because of a quota or because it was busy. */
  readonly heldBack: number
}

const BATCH_EVENTS = 100
const MOST = { seconds: 3_600, connections: 1_000, bytes: 1_000_000 }

const CAVEATS = [
  'These are figures of this client, this network and this hour, and no promise.',
  'One Node process sends everything: on the same machine it takes CPU from the server, and a fast server waits for it.',
  'What is read was written just before, so it comes from memory and not from a disk.',
  'docs/PERFORMANCE.md says what was measured with care, and how.',
]

export async function bench(wish: BenchWish, terminal: Terminal): Promise<number> {
  const load = {
    seconds: between('duration', wish.duration, MOST.seconds),
    connections: between('connections', wish.connections, MOST.connections),
    bytes: between('size', wish.size, MOST.bytes),
  }
  const { server = wish.url } = wish
  const named = server !== undefined || wish.context !== undefined
  if (!named && wish.token !== undefined) throw new Usage('--token is for a server: give --server, or --context')
  const talk = (text: string) => terminal.err(text)
  const asked: Wish = server === undefined ? wish : { ...wish, server }
  const result = named
    ? await withServer(asked, terminal, found => ofServer(found, wish.yes === true, { load, talk }))
    : await ofDirectory(wish.data, { load, talk })
  if (wish.json) await terminal.out(reportJson({ ...load, ...result, caveats: CAVEATS }))
  else await terminal.out(inWords(load, result))
  return EXIT.clean
}

function between(option: string, text: string, most: number): number {
  const value = numberFrom(option, text)
  if (value >= 1 && value <= most) return value
  throw new Usage(`--${option} takes a number from 1 to ${most}, and not ${value}`)
}

interface Trial {
  readonly load: Load
  readonly talk: (text: string) => void
}

interface Result {
  readonly of: string
  /** All that was written lies below it; undefined where it is gone. */
  readonly streams?: string
  readonly fileSystem?: string | undefined
  readonly measured: readonly Measured[]
}

/** What is written stays written, so a server that others may depend on is asked for twice. */
async function ofServer({ lighthouse, address: { url } }: Server, sure: boolean, trial: Trial): Promise<Result> {
  if (!sure && !isOfThisMachine(url))
    throw new Usage(`it writes events that stay, and ${url} is not this machine: say --yes if that is meant`)
  const { streams, measured } = await measure(lighthouse, trial)
  return { of: url, streams, measured }
}

/** A server of its own on the disk of that directory, and in a directory that is removed at the end. */
async function ofDirectory(directory: string, trial: Trial): Promise<Result> {
  const server = await OwnServer.start(directory)
  try {
    const fileSystem = await new RealDisk().fileSystem(server.directory)
    const address = { url: server.url, token: () => server.token(), from: 'itself' }
    const { measured } = await measure(new Server(address, false).lighthouse, trial)
    return { of: directory, fileSystem, measured }
  } finally {
    await server.remove()
  }
}

/** Appends below a prefix of its own, and reads that back. */
async function measure(lighthouse: Lighthouse, { load, talk }: Trial) {
  const { agentId } = await lighthouse.whoami()
  const base = `agent_${agentId}/bench-${Date.now().toString(36)}`
  const streams = `${base}/*`
  const data = { text: 'x'.repeat(Math.max(1, load.bytes - '{"text":""}'.length)) }
  const event = (connection: number) => ({ type: 'BenchTold', stream: `${base}/${connection}`, data })
  const inRuns = async (name: string, once: (connection: number) => Promise<number>) => {
    talk(`${name} …`)
    return runOf(name, load, once)
  }
  const one = await inRuns('append 1 event', async connection => {
    await lighthouse.append(event(connection))
    return 1
  })
  const batch = batchOf(load.bytes)
  const many = await inRuns(`append ${batch} events`, async connection => {
    await lighthouse.append(Array.from({ length: batch }, () => event(connection)))
    return batch
  })
  const read = await inRuns(`read ${batch} events`, async connection => {
    let count = 0
    for await (const _ of lighthouse.read({ streams: `${base}/${connection}`, limit: batch })) count++
    return count
  })
  return { streams, measured: [one, many, read] }
}

/** Of large events a batch holds fewer, and so does the page that is read: some megabytes at most. */
function batchOf(bytes: number): number {
  return Math.max(1, Math.min(BATCH_EVENTS, Math.floor(2_000_000 / bytes)))
}

/** All connections at once, each with one request at a time. What begins in the first tenth warms up and is not counted. */
async function runOf(name: string, load: Load, once: (connection: number) => Promise<number>): Promise<Measured> {
  const warmMs = load.seconds * 100
  const begun = performance.now()
  const end = begun + warmMs + load.seconds * 1_000
  const times: number[] = []
  let events = 0
  let heldBack = 0
  const connection = async (number: number) => {
    for (let now = performance.now(); now < end; now = performance.now()) {
      try {
        const count = await once(number)
        if (now < begun + warmMs) continue
        times.push(performance.now() - now)
        events += count
      } catch (error) {
        heldBack++
        await wait(waitAfter(error, end - performance.now()))
      }
    }
  }
  await Promise.all(Array.from({ length: load.connections }, (_, number) => connection(number)))
  const seconds = (performance.now() - begun - warmMs) / 1_000
  return { name, ...latenciesOf(times), events, eventsPerSecond: Math.round(events / seconds), heldBack }
}

/** What would pass if it were waited for is told as a figure; anything else ends the bench. */
function waitAfter(error: unknown, leftMs: number): number {
  if (!(error instanceof LighthouseError) || (error.code !== 'RATE_LIMITED' && error.code !== 'OVERLOADED')) throw error
  return Math.max(0, Math.min((error.retryAfterSeconds ?? 1) * 1_000, leftMs))
}

export function latenciesOf(times: readonly number[]) {
  const sorted = Float64Array.from(times).sort()
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
  return { requests: sorted.length, medianMs: rounded(at(0.5)), p99Ms: rounded(at(0.99)), maxMs: rounded(at(1)) }
}

const rounded = (ms: number) => Math.round(ms * 100) / 100

function inWords(load: Load, { of, streams, fileSystem, measured }: Result): string {
  const where = fileSystem === undefined ? of : `a server of its own below ${of} (${fileSystem})`
  const rows = measured.map(({ name, eventsPerSecond, medianMs, p99Ms, maxMs, heldBack }) => [
    name,
    eventsPerSecond,
    medianMs,
    p99Ms,
    maxMs,
    heldBack,
  ])
  return [
    `${where}: ${load.connections} connections, ${load.bytes} bytes an event, ${load.seconds} s each`,
    '',
    inTable(['', 'EVENTS/S', 'MEDIAN MS', 'P99 MS', 'MAX MS', 'HELD BACK'], rows),
    '',
    ...(streams === undefined ? [] : [`Its events stay, below ${streams.slice(0, -2)}.`]),
    ...(fileSystem === 'tmpfs' ? ['This file system is memory: nothing of it tells how fast a disk is.'] : []),
    ...CAVEATS,
  ].join('\n')
}
