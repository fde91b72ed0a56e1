// Five agents at work: commands validated and escalated, tasks claimed by one alone, crashes, a recovery, and a count of what was lost.
import type { AppendOptions } from '../appends.js'
import { ConflictError } from '../errors.js'
import type { NewEvent, RecordedEvent } from '../event.js'
import type { Lighthouse } from '../lighthouse.js'
import { pause } from '../retry.js'
import { Fleet } from './fleet.js'
import type { GeneratedEvent } from './generated-event.js'
import type { AgentCounts } from './mock-agent.js'
import { EventDataGenerator } from './testing.js'

export interface DemoOptions {
  /** The same seed makes the same agents do the same, below streams of its own each time. */
  readonly seed?: number | string | undefined
  /** Given each line that tells what happens. */
  readonly say?: ((line: string) => void) | undefined
  /** Called once while all agents append: it takes the server away and brings it back. */
  readonly outage?: (() => Promise<void>) | undefined
}

export interface DemoReport {
  /** All that the demo has stored lies below it. */
  readonly streams: string
  readonly acknowledged: number
  /** Read back at the end, all of it. */
  readonly stored: number
  /** Refs of events that were acknowledged and are not there. */
  readonly lost: readonly string[]
  /** Refs of events that are there twice. */
  readonly doubled: readonly string[]
  /** Events that are there though nobody appended them, or though their append was refused. */
  readonly unexpected: number
  readonly validation: { readonly requests: number; readonly rejected: number; readonly escalated: number }
  readonly agents: Pick<AgentCounts, 'crashes' | 'repeated' | 'conflicts' | 'refused' | 'unanswered'>
  readonly claims: { readonly tried: number; readonly stored: number; readonly notOwnedOnce: number }
  readonly tasks: { readonly offered: number; readonly done: number; readonly redelivered: number }
  /** Nothing lost, nothing doubled, and everything came out as it should. */
  readonly isWell: boolean
}

const AGENTS = ['builder-1', 'tester-1', 'reviewer-1', 'operator-1', 'researcher-1'] as const
const EVENTS = 200
const TASKS = [1, 2, 3, 4, 5, 6] as const

/** Appends below streams of the token's own agent, so every token that may append may run it, as often as it likes. */
export async function runDemo(lighthouse: Lighthouse, options: DemoOptions = {}): Promise<DemoReport> {
  const { seed = 1, say = () => undefined } = options
  const { agentId } = await lighthouse.whoami()
  const run = `${encodeURIComponent(String(seed))}-${Date.now().toString(36)}`
  const demo = new Demo(lighthouse, { base: `agent_${agentId}/demo-${run}`, run, seed, say })
  await demo.work(options.outage)
  const validation = await demo.validation()
  const claims = await demo.claims()
  const tasks = await demo.crashAndRecovery()
  return demo.count({ validation, claims, tasks })
}

interface Setting {
  readonly base: string
  readonly run: string
  readonly seed: number | string
  readonly say: (line: string) => void
}

class Demo {
  private readonly fleet: Fleet

  constructor(
    private readonly lighthouse: Lighthouse,
    private readonly setting: Setting,
  ) {
    this.fleet = new Fleet(() => lighthouse, { seed: setting.seed, slowMs: 20 })
  }

  async work(outage: DemoOptions['outage']): Promise<void> {
    const { seed, say } = this.setting
    say(
      `${AGENTS.length} agents at work, among them one that is slow, one that is wrong, one that crashes and one that says everything twice`,
    )
    const start = new Date().toISOString()
    const mix = new EventDataGenerator({ seed, start, dangerRatio: 0.2, largeShare: 0 }).mix({ agents: AGENTS.length })
    const events = this.placed(mix)
    const over = new AbortController()
    const taken = outage === undefined ? undefined : this.takenAway(outage, over.signal)
    try {
      await this.fleet.append(events)
    } finally {
      over.abort()
    }
    await taken
    const { acknowledged, crashes, repeated, conflicts, refused } = this.fleet.counts
    say(`  ${acknowledged} events acknowledged; ${crashes} times an agent crashed in the middle of an append,`)
    say(`  ${repeated} times one was sent again and stored once, ${conflicts} conflicts, ${refused} refused`)
  }

  /** Half of the events are stored by then, and the others are on their way. */
  private async takenAway(outage: () => Promise<void>, over: AbortSignal): Promise<void> {
    while (this.fleet.ledger.acknowledgedCount < EVENTS / 2) {
      if (over.aborted) return
      await pause(2)
    }
    await outage()
  }

  /** The generated events below the streams of this run, under refs that no other run has. */
  private placed(events: Iterable<GeneratedEvent>): GeneratedEvent[] {
    const { base, run } = this.setting
    const own = (ref: string) => `${run}/${ref}`
    const list: GeneratedEvent[] = []
    for (const { ref, causes, event, ...rest } of events) {
      const metadata = { ...event.metadata, ref: own(ref) }
      const stream = `${base}/${event.stream}`
      list.push({ ...rest, ref: own(ref), causes: causes.map(own), event: { ...event, stream, metadata } })
      if (list.length === EVENTS) break
    }
    return list
  }

  async validation(): Promise<DemoReport['validation']> {
    const { base, say } = this.setting
    const counts = { requests: 0, rejected: 0, escalated: 0 }
    let shown: readonly RecordedEvent[] = []
    const types = ['CommandValidationRequested', 'CommandRejected', 'CommandApproved', 'ValidationEscalated']
    for await (const event of this.lighthouse.read({ streams: `${base}/*`, types })) {
      if (event.type === 'CommandValidationRequested') counts.requests++
      else if (event.type === 'ValidationEscalated') counts.escalated++
      else if (event.type === 'CommandRejected') counts.rejected++
      const isDecision = event.type === 'CommandRejected' || event.type === 'CommandApproved'
      if (isDecision && shown.length === 0) shown = await this.escalationOf(event)
    }
    say(`${counts.requests} commands asked about, ${counts.escalated} went to an expert, ${counts.rejected} rejected`)
    if (shown.length > 0) say('  one that went to an expert, by its chain of causes:')
    for (const { type, data } of shown) {
      const { command } = data as { readonly command?: unknown }
      say(`  ${type}${command === undefined ? '' : `: ${String(command)}`}`)
    }
    return counts
  }

  /** From the request to the decision; empty where no expert had a part in it. */
  private async escalationOf(decided: RecordedEvent): Promise<readonly RecordedEvent[]> {
    const chain = [decided]
    while (chain[0]?.type !== 'CommandValidationRequested') {
      const { causationId } = chain[0] as RecordedEvent
      const event = causationId === undefined ? undefined : await this.lighthouse.event(causationId)
      if (event === undefined) return []
      chain.unshift(event)
    }
    return chain.some(({ type }) => type === 'ExpertDecided') ? chain : []
  }

  async claims(): Promise<DemoReport['claims']> {
    const { base, run, say } = this.setting
    const claim = async (agent: string, task: number) => {
      const tag = `task:${run}-${task}`
      const event = { type: 'TaskClaimed', stream: `${base}/claims/${agent}`, data: { task }, tags: [tag] }
      const condition = { failIfEventsMatch: { items: [{ types: ['TaskClaimed'], tags: [tag] }] } }
      const claimed = await this.appended(`claim/${task}/${agent}`, event, { condition })
      return claimed === undefined ? 0 : 1
    }
    const owners = await Promise.all(
      TASKS.map(async task => {
        const won: number[] = await Promise.all(AGENTS.map(agent => claim(agent, task)))
        return won.reduce((sum, one) => sum + one, 0)
      }),
    )
    const tried = TASKS.length * AGENTS.length
    const stored = owners.reduce((sum, count) => sum + count, 0)
    const notOwnedOnce = owners.filter(count => count !== 1).length
    say(`${TASKS.length} tasks, each claimed by ${AGENTS.length} agents at once on the condition that nobody has it`)
    say(`  ${stored} claims stored, ${tried - stored} too late, ${notOwnedOnce} tasks with two owners or none`)
    return { tried, stored, notOwnedOnce }
  }

  async crashAndRecovery(): Promise<DemoReport['tasks']> {
    const { base, run, say } = this.setting
    const stream = `${base}/tasks`
    const group = this.lighthouse.group(`demo-${run}`)
    await group.define({ streams: stream, types: 'TaskOffered', after: 'start', ackTimeoutSeconds: 1 })
    for (const task of TASKS) await this.appended(`offer/${task}`, { type: 'TaskOffered', stream, data: { task } })
    const left = await group.take({ max: 3 })
    say(`an agent takes ${left.length} of ${TASKS.length} tasks and crashes; another works on`)
    const over = new AbortController()
    let done = 0
    let redelivered = 0
    await group.consume(
      async (event, { attempt }) => {
        const result = { type: 'TaskDone', stream, data: event.data as object, causationId: event.id }
        // Under a key of the task the result is stored once, also if two agents come to it.
        const appended = await this.appended(`done/${event.id}`, result as NewEvent)
        if (attempt > 1) redelivered++
        if (appended?.duplicate === false && ++done === TASKS.length) over.abort()
      },
      { concurrency: 3, signal: over.signal },
    )
    say(`  ${done} of ${TASKS.length} done, ${redelivered} of them delivered again when the deadline had passed`)
    await group.delete()
    return { offered: TASKS.length, done, redelivered }
  }

  /** Into the ledger as what the fleet does; undefined where its condition does not hold. */
  private async appended(name: string, event: NewEvent, options: AppendOptions = {}) {
    const { ledger } = this.fleet
    const ref = `${this.setting.run}/${name}`
    ledger.begin(ref)
    try {
      const appended = await this.lighthouse.append({ ...event, metadata: { ref } }, { ...options, key: ref })
      ledger.acknowledge(ref, appended)
      return appended
    } catch (error) {
      if (error instanceof ConflictError) return undefined
      throw error
    }
  }

  /** Everything is read back and compared with what was acknowledged. */
  async count(parts: Pick<DemoReport, 'validation' | 'claims' | 'tasks'>): Promise<DemoReport> {
    const { base, say } = this.setting
    const { ledger, counts } = this.fleet
    const streams = `${base}/*`
    const { stored, lost, doubled, unknown, unacknowledged } = await ledger.compare(this.lighthouse.read({ streams }))
    const unexpected = unknown.length + unacknowledged
    const { crashes, repeated, conflicts, refused, unanswered } = counts
    const { acknowledgedCount: acknowledged } = ledger
    say(`${acknowledged} acknowledged, ${stored} stored, all below ${base}`)
    if (unexpected > 0) say(`${unexpected} stored that nobody was to store`)
    say(`${lost.length} lost, ${doubled.length} doubled`)
    const { claims, tasks } = parts
    const nothingWrong = lost.length === 0 && doubled.length === 0 && unexpected === 0
    return {
      streams,
      acknowledged,
      stored,
      lost,
      doubled,
      unexpected,
      ...parts,
      agents: { crashes, repeated, conflicts, refused, unanswered },
      isWell: nothingWrong && claims.notOwnedOnce === 0 && tasks.done === tasks.offered,
    }
  }
}
