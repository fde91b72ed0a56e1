// The operations of a load, each as an agent does it with the client's library, and what came of it.
import { type Condition, ConflictError, type Lighthouse, LighthouseError, type NewEvent } from '#client'
import { EventDataGenerator, type InvalidEvent, Random } from '#client/testing'
import type { EventSource, SentEvent } from './ledger/event-source.js'
import type { SendLedger } from './ledger/send-ledger.js'
import type { LoadOperation } from './profile.js'

/**
 * `done`: as it is meant, also where a refusal is what is meant. `refused`: with how long to wait, as a busy server does;
 * `curt`: without it. `unanswered`: nobody knows. `failed`: anything else.
 */
export const OUTCOMES = ['done', 'refused', 'curt', 'unanswered', 'failed'] as const

type Outcome = (typeof OUTCOMES)[number]

export interface Ended {
  readonly outcome: Outcome
  /** Events that were acknowledged or read. */
  readonly events: number
}

interface Setting {
  readonly lighthouse: Lighthouse
  readonly ledger: SendLedger
  readonly source: EventSource
  /** All events of the run lie below it. */
  readonly base: string
  readonly seed: string
  readonly batch: number
}

/** What was acknowledged last, to be read and to be repeated. */
interface Kept {
  readonly id: string
  readonly ref: string
  readonly event: NewEvent
  /** What is repeated under a key must be the same in all. */
  readonly condition: Condition | undefined
}

const MOST_KEPT = 1_000
const MOST_TOLD = 5
const PAGE = 1_000
/** A query by content looks at so many of the newest events. */
const LOOKED_AT = 10_000
/** No stream has so many events. */
const WRONG_REVISION = 2 ** 40

export class AgentOperations {
  /** The first failures that no operation is meant to have, in words. */
  readonly told: string[] = []
  private readonly kept: Kept[] = []
  private readonly random: Random
  private readonly invalid: readonly InvalidEvent[]
  private count = 0
  private newest = 0
  private readonly ways: Readonly<Record<string, (sentAt: number, signal: AbortSignal) => Promise<number>>>

  constructor(private readonly setting: Setting) {
    this.random = new Random(`${setting.seed}/choices`)
    this.invalid = [...new EventDataGenerator({ seed: setting.seed }).invalidEvents()]
    this.ways = {
      append: (sentAt, signal) => this.append(sentAt, signal),
      batch: (sentAt, signal) => this.batch(sentAt, signal),
      event: (_, signal) => this.event(signal),
      page: (_, signal) => this.page(signal),
      query: (_, signal) => this.query(signal),
      conditional: (sentAt, signal) => this.conditional(sentAt, signal),
      repeat: (sentAt, signal) => this.repeat(sentAt, signal),
      conflict: (sentAt, signal) => this.conflict(sentAt, signal),
      invalid: (_, signal) => this.beRefused(signal),
    }
  }

  async perform(operation: LoadOperation, sentAt: number, signal: AbortSignal): Promise<Ended> {
    try {
      const way = this.ways[operation]
      if (way === undefined) throw new TypeError(`no schedule asks for ${operation}`)
      return { outcome: 'done', events: await way(sentAt, signal) }
    } catch (error) {
      const outcome = signal.aborted ? 'unanswered' : outcomeOf(error)
      if (outcome === 'failed' && this.told.length < MOST_TOLD) this.told.push(`${operation}: ${String(error)}`)
      return { outcome, events: 0 }
    }
  }

  private async append(sentAt: number, signal: AbortSignal): Promise<number> {
    await this.appendOne(this.setting.source.next(sentAt), signal)
    return 1
  }

  private async appendOne(sent: SentEvent, signal: AbortSignal, condition?: Condition): Promise<void> {
    const { lighthouse, ledger } = this.setting
    const { ref, index } = sent
    const event = ledger.begin(sent)
    const appended = await lighthouse.append(event, { key: ref, condition, signal })
    ledger.acknowledge(index, appended)
    this.newest = Math.max(this.newest, appended.position)
    this.keep({ id: appended.id, ref, event, condition })
  }

  private async batch(sentAt: number, signal: AbortSignal): Promise<number> {
    const { lighthouse, ledger, source, batch } = this.setting
    const list = Array.from({ length: batch }, () => source.next(sentAt))
    const events = list.map(sent => ledger.begin(sent))
    const appended = await lighthouse.append(events, { key: `${list[0]?.ref}/batch`, signal })
    for (const [at, { index }] of list.entries())
      ledger.acknowledge(index, appended.events[at] as (typeof appended.events)[0])
    this.newest = Math.max(this.newest, appended.lastPosition)
    return events.length
  }

  private async event(signal: AbortSignal): Promise<number> {
    const { id } = await this.oneKept(signal)
    if ((await this.setting.lighthouse.event(id, { signal })) === undefined) throw new Error(`there is no event ${id}`)
    return 1
  }

  /** Some place of what was stored before it. */
  private async page(signal: AbortSignal): Promise<number> {
    const { lighthouse, base } = this.setting
    const after = this.random.between(0, Math.max(0, this.newest - PAGE))
    const { events } = await lighthouse.readPage({ streams: `${base}/*`, after, limit: PAGE, signal })
    return events.length
  }

  private async query(signal: AbortSignal): Promise<number> {
    const { lighthouse, base } = this.setting
    const beyond = Math.max(0, this.newest - LOOKED_AT)
    const where = { stream: { like: `${base}/*` }, position: { gt: beyond }, 'data.command': { like: '*rm -rf*' } }
    let count = 0
    for await (const _ of lighthouse.query({ where, limit: 100, signal })) count++
    return count
  }

  /** On the condition that nothing of a usual type has a tag that nothing has: all events of the type could have it. */
  private async conditional(sentAt: number, signal: AbortSignal): Promise<number> {
    const items = [{ types: ['CommandValidationRequested'], tags: [`nobody:${this.count++}`] }]
    await this.appendOne(this.setting.source.next(sentAt), signal, { failIfEventsMatch: { items } })
    return 1
  }

  private async repeat(sentAt: number, signal: AbortSignal): Promise<number> {
    const { ref, event, condition } = await this.oneKept(signal, sentAt)
    const { duplicate } = await this.setting.lighthouse.append(event, { key: ref, condition, signal })
    if (!duplicate) throw new Error(`${ref} was stored a second time`)
    return 0
  }

  private async conflict(sentAt: number, signal: AbortSignal): Promise<number> {
    const { event, ref } = this.setting.source.next(sentAt)
    try {
      await this.setting.lighthouse.append(event, { expectedRevision: WRONG_REVISION, signal })
    } catch (error) {
      if (error instanceof ConflictError) return 0
      throw error
    }
    throw new Error(`${ref} was stored though its expectation does not hold`)
  }

  private async beRefused(signal: AbortSignal): Promise<number> {
    const { event, fault } = this.random.pick(this.invalid)
    try {
      await this.setting.lighthouse.append(event as NewEvent, { signal })
    } catch (error) {
      if (error instanceof LighthouseError && isOfTheCaller(error)) return 0
      throw error
    }
    throw new Error(`an event with ${fault} was stored`)
  }

  private keep(kept: Kept): void {
    if (this.kept.length < MOST_KEPT) this.kept.push(kept)
    else this.kept[this.count++ % MOST_KEPT] = kept
  }

  private async oneKept(signal: AbortSignal, sentAt = Date.now()): Promise<Kept> {
    if (this.kept.length === 0) await this.append(sentAt, signal)
    return this.random.pick(this.kept)
  }
}

const isOfTheCaller = ({ status = 0 }: LighthouseError) => status >= 400 && status < 500 && status !== 429

function outcomeOf(error: unknown): Outcome {
  if (!(error instanceof LighthouseError)) return 'failed'
  const { status, retryAfterSeconds, outcome, code } = error
  if (status === 429 || status === 503) return retryAfterSeconds === undefined ? 'curt' : 'refused'
  return code === 'NETWORK' || outcome === 'indeterminate' ? 'unanswered' : 'failed'
}
