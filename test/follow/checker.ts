// The checker: subscribers of every kind and filter, writers, cuts, pauses and kills; at the end everybody has exactly what matches, in order, once.
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { Random } from '../support/random.js'
import { type Asked, FILTERS, isAsked } from './filters.js'
import {
  EventSourceSubscriber,
  type Seen,
  SocketSubscriber,
  type Subscriber,
  WaitingSubscriber,
} from './subscribers.js'
import { World } from './world.js'
import { Writers } from './writers.js'

export interface Effort {
  readonly cuts: number
  readonly kills: number
  readonly seed: number
  /** How long one subscriber of each kind does not read, from the start. */
  readonly pauseSeconds?: number
  /** Threads that serve; 1: one does everything. */
  readonly threads?: number
  /** How often one of several is ended. */
  readonly frontKills?: number
}

export interface Findings {
  readonly events: number
  readonly stored: number
  readonly cuts: number
  readonly kills: number
  readonly frontKills: number
  readonly fellBehind: number
  readonly subscribers: number
  readonly delivered: number
  /** What must not be. */
  readonly wrong: readonly string[]
}

/** Events that are stored between two cuts. */
const PACE = 20

export async function check(
  { cuts, kills, seed, pauseSeconds = 0, threads = 1, frontKills = 0 }: Effort,
  say: (text: string) => void = () => undefined,
): Promise<Findings> {
  const random = new Random(seed)
  const world = await World.begin(threads)
  try {
    const writers = new Writers(world, random)
    const subscribers = FILTERS.flatMap(asked => [
      new SocketSubscriber(world, asked, random, 'json'),
      new SocketSubscriber(world, asked, random, 'msgpack'),
      new EventSourceSubscriber(world, asked, random),
      new WaitingSubscriber(world, asked, random),
    ])
    const reading = Promise.all(subscribers.map(subscriber => subscriber.run()))
    const writing = writers.run(3, 2)
    // One of each kind sleeps at the start, for as long as it is asked to.
    const sleepers = pauseSeconds > 0 ? subscribers.slice(0, 4) : []
    const awake = subscribers.filter(subscriber => !sleepers.includes(subscriber))
    for (const sleeper of sleepers) sleeper.pause()
    const until = performance.now() + pauseSeconds * 1000
    for (let cut = 1; cut <= cuts || performance.now() < until; cut++) {
      await stored(writers, PACE)
      disturb(random, performance.now() < until ? awake : subscribers, writers)
      if (cut % Math.ceil(cuts / (kills + 1)) === 0 && world.kills < kills) await world.kill()
      if (cut % Math.ceil(cuts / (frontKills + 1)) === 0 && world.frontKills < frontKills) await world.killFrontThread()
      if (cut % 500 === 0) say(`${cut} cuts, ${world.kills} kills, ${writers.stored.length} events`)
    }
    writers.stop()
    await writing
    for (const subscriber of subscribers) subscriber.resume()
    await writers.writeEnd()
    await reading
    return await judge(world, writers, subscribers)
  } finally {
    await world.end()
  }
}

async function stored(writers: Writers, more: number): Promise<void> {
  const enough = writers.stored.length + more
  while (writers.stored.length < enough) await new Promise(setImmediate)
}

function disturb(random: Random, subscribers: readonly Subscriber[], writers: Writers): void {
  const one = random.pick(subscribers)
  if (random.chance(0.1)) writers.cutOne()
  if (one.paused) {
    // Long pauses are what makes a subscriber fall behind.
    if (random.chance(0.5)) one.resume()
  } else if (random.chance(0.15)) {
    one.pause()
  } else {
    one.cut()
    one.cuts++
  }
}

async function judge(world: World, writers: Writers, subscribers: readonly Subscriber[]): Promise<Findings> {
  const log = await wholeLog(world)
  const ids = new Set(log.map(({ id }) => id))
  const lost = writers.stored.filter(id => !ids.has(id))
  const wrong = [
    ...(lost.length === 0 ? [] : [`${lost.length} stored events are not in the log`]),
    ...subscribers.flatMap(subscriber => faultsOf(subscriber, log)),
    ...world.complaints,
  ]
  const sum = (of: (subscriber: Subscriber) => number) => subscribers.reduce((all, one) => all + of(one), 0)
  return {
    events: log.length,
    stored: writers.stored.length,
    kills: world.kills,
    frontKills: world.frontKills,
    wrong,
    cuts: sum(({ cuts }) => cuts),
    fellBehind: sum(({ fellBehind }) => fellBehind),
    subscribers: subscribers.length,
    delivered: sum(({ seen }) => seen.length),
  }
}

interface Logged extends Seen {
  readonly stream: string
  readonly type: string
  readonly tags: readonly string[]
  readonly agentId: string
  readonly sessionId?: string
}

async function wholeLog(world: World): Promise<Logged[]> {
  const headers = { authorization: world.authorization, accept: 'application/x-ndjson' }
  const { body } = await fetch(`${await world.url()}/v1/events`, { headers })
  const log: Logged[] = []
  let ended = false
  for await (const line of createInterface({ input: Readable.fromWeb(body as ReadableStream) })) {
    const { type, event } = JSON.parse(line) as { type: string; event: Logged & { readonly data: unknown } }
    ended ||= type === 'end'
    if (type !== 'event') continue
    const { data: _, ...logged } = event
    log.push(logged)
  }
  if (!ended) throw new Error('the log was not read to its end')
  return log
}

function faultsOf({ kind, asked, seen }: Subscriber, log: readonly Logged[]): string[] {
  const expected = log.filter(event => isAsked(asked, event))
  const at = expected.findIndex(({ id }, n) => seen[n]?.id !== id)
  const who = `${kind}, ${(asked as Asked).name}`
  if (at >= 0)
    return [`${who}: expected position ${expected[at]?.position}, saw ${seen[at]?.position} (event ${at + 1})`]
  if (seen.length > expected.length) return [`${who}: saw ${seen.length} events, not ${expected.length}`]
  return []
}
