// One trial: honest agents alone, then beside attackers, then alone again with what the attackers left behind; and what came of it.

import { tokenOf } from '../support/running-server.js'
import { makeTempDirectory, removeTempDirectory } from '../support/temp-directory.js'
import { after, ask, endLines } from './ask.js'
import { type Child, startChild } from './child.js'
import { fillStore, longName } from './filled-store.js'
import { FRAME_ATTACKS } from './frame-attacks.js'
import type { Counts, FrontOrders, Who } from './front.js'
import type { HonestOrders, HonestReport } from './honest-agents.js'
import { type LoopFigures, WatchedServer } from './watched-server.js'

export interface TrialOrders {
  readonly as: readonly Who[]
  readonly seconds: number
  readonly baselineSeconds: number
  /** How long the server has to give back what the attack took. */
  readonly restSeconds: number
  readonly events: number
  readonly agents: number
  readonly appendsPerSecond: number
  readonly scale: number
  /** For each attacker: attacks of one process wait for the work it has with itself. */
  readonly processes?: 'one' | 'several'
  /** Names of attacks; all of them without. */
  readonly attacks?: readonly string[]
}

export interface TrialReport {
  readonly as: readonly Who[]
  readonly attacks: Counts
  readonly honest: Readonly<Record<'alone' | 'beside', Omit<HonestReport, 'acknowledged'>>>
  readonly loop: Readonly<Record<'alone' | 'beside', LoopFigures | undefined>>
  readonly residentMb: { readonly before: number; readonly peak: number; readonly after: number }
  readonly acknowledged: number
  readonly lost: number
  /** Of the process, before it was asked to end. */
  readonly exits: number
  readonly exitCode: number | null
  readonly complaints: readonly string[]
}

/** Attacks that share a process, so that none waits for the work another one has with itself. */
const GROUPS: readonly (readonly string[])[] = [
  Object.keys(FRAME_ATTACKS).filter(name => name !== 'frames of many keys'),
  ['frames of many keys', 'as many keys as are allowed', 'more keys than are allowed', 'wide conditions', 'glob reads'],
  [
    'long polls',
    'groups with waiting consumers',
    'readers that do not read',
    'metrics in a loop',
    'docs with odd hosts',
  ],
]

export async function holdTrial(
  orders: TrialOrders,
  tell: (text: string) => void = () => undefined,
): Promise<TrialReport> {
  const directory = makeTempDirectory()
  try {
    await fillStore(directory, orders.events, [longName(`agent_${attackerOf('agent')}/`), longName('public_')])
    tell(`filled with ${orders.events} events`)
    return await new Trial(orders, await WatchedServer.start(directory), tell).run()
  } finally {
    endLines()
    removeTempDirectory(directory)
  }
}

export const ATTACKS: readonly string[] = GROUPS.flat()

function attackerOf(who: Who): string {
  return `mallory-${who}`
}

class Trial {
  private readonly children = new Set<Child<unknown>>()

  constructor(
    private readonly orders: TrialOrders,
    private readonly watched: WatchedServer,
    private readonly tell: (text: string) => void,
  ) {}

  async run(): Promise<TrialReport> {
    const { watched, orders, tell } = this
    try {
      await watched.figures()
      const alone = await this.honest(orders.baselineSeconds)
      const loopAlone = await watched.figures()
      const before = watched.residentBytes
      watched.takePeak()
      tell('the honest agents were alone; now come the attackers')
      const [beside, ...fronts] = await Promise.all([this.honest(orders.seconds), ...(await this.attack())])
      const loopBeside = await watched.figures()
      tell('the attackers are gone')
      await after(orders.restSeconds * 1_000)
      const afterwards = watched.residentBytes
      const peak = watched.takePeak()
      const stillThere = watched.server.running
      const lost = stillThere ? await this.lostOf([alone, beside]) : Number.NaN
      const exitCode = await watched.end()
      return {
        as: orders.as,
        attacks: summed(fronts),
        honest: { alone: figuresOf(alone), beside: figuresOf(beside) },
        loop: { alone: loopAlone, beside: loopBeside },
        residentMb: { before: mb(before), peak: mb(peak), after: mb(afterwards) },
        acknowledged: countOf(alone) + countOf(beside),
        lost,
        exits: stillThere ? 0 : 1,
        exitCode,
        complaints: watched.complaints,
      }
    } finally {
      for (const child of this.children) child.kill()
      await watched.end()
    }
  }

  private async honest(seconds: number): Promise<HonestReport> {
    const { agents, appendsPerSecond: perSecond } = this.orders
    const names = Array.from({ length: agents }, (_, n) => `honest-${n}`)
    const known = await Promise.all(names.map(async id => ({ id, token: await tokenOf({ sub: id, role: 'agent' }) })))
    const honest: HonestOrders = { url: this.watched.url, agents: known, perSecond, seconds }
    return this.child<HonestReport>('honest-agents.ts', honest)
  }

  private async attack(): Promise<Promise<Counts>[]> {
    const { as, seconds, scale, processes = 'several', attacks = ATTACKS } = this.orders
    const fronts: Promise<Counts>[] = []
    for (const who of as) {
      const agentId = attackerOf(who)
      const claims = { sub: agentId, role: who }
      const blind = { 'streams.subscribe': ['nothing_*'] }
      const token = who === 'stranger' ? undefined : await tokenOf(claims)
      const blindToken = who === 'stranger' ? undefined : await tokenOf({ ...claims, permissions: blind })
      for (const group of processes === 'one' ? [ATTACKS] : GROUPS) {
        const names = group.filter(name => attacks.includes(name))
        const { url } = this.watched
        const orders: FrontOrders = { url, who, agentId, token, blindToken, seconds, scale, attacks: names }
        if (names.length > 0) fronts.push(this.child<Counts>('attacker.ts', orders))
      }
    }
    return fronts
  }

  private child<Report>(file: string, orders: object): Promise<Report> {
    const child = startChild<Report>(file, orders)
    this.children.add(child)
    return child.report.finally(() => this.children.delete(child))
  }

  /** Each acknowledged position holds an event of its stream, by who was told so. */
  private async lostOf(reports: readonly HonestReport[]): Promise<number> {
    const token = await tokenOf({ sub: 'auditor', role: 'system_agent' })
    let lost = 0
    for (const id of Object.keys((reports[0] as HonestReport).acknowledged)) {
      const acknowledged = reports.flatMap(report => report.acknowledged[id] ?? [])
      const found = await this.positionsOf(`agent_${id}`, token)
      lost += acknowledged.filter(position => !found.has(position)).length
    }
    return lost
  }

  private async positionsOf(stream: string, token: string): Promise<Set<number>> {
    const found = new Set<number>()
    for (let path = `/v1/streams/${stream}/events?limit=100`; path !== ''; ) {
      const { status, text } = await ask({ url: this.watched.url, path, token })
      if (status !== 200) throw new Error(`the auditor was answered ${status}: ${text}`)
      const { events, next } = JSON.parse(text)
      for (const { position } of events) found.add(position)
      path = next === null ? '' : `/v1/streams/${stream}/events?limit=100&from=${next}`
    }
    return found
  }
}

function figuresOf({ acknowledged: _, ...rest }: HonestReport): Omit<HonestReport, 'acknowledged'> {
  return rest
}

function countOf({ acknowledged }: HonestReport): number {
  return Object.values(acknowledged).reduce((sum, positions) => sum + positions.length, 0)
}

function summed(all: readonly Counts[]): Counts {
  const sum: Record<string, { sent: number; answers: Record<string, number> }> = {}
  for (const [attack, { sent, answers }] of all.flatMap(counts => Object.entries(counts))) {
    const tally = sum[attack] ?? { sent: 0, answers: {} }
    sum[attack] = tally
    tally.sent += sent
    for (const [label, count] of Object.entries(answers)) tally.answers[label] = (tally.answers[label] ?? 0) + count
  }
  return sum
}

function mb(bytes: number): number {
  return Math.round(bytes / 1e6)
}
