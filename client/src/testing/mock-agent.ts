// An agent for tests: it appends and works for groups in its own manner, good or bad, and counts all that it does.
import type { AppendOptions } from '../appends.js'
import type { Delivery } from '../delivery.js'
import { ConflictError, LighthouseError } from '../errors.js'
import type { NewEvent } from '../event.js'
import type { Group } from '../group.js'
import type { Lighthouse } from '../lighthouse.js'
import { pause } from '../retry.js'
import { type GeneratedEvent, linkedTo } from './generated-event.js'
import type { Ledger } from './ledger.js'
import { Random } from './random.js'

/**
 * `steady` does everything once and at once. The others, in the share of cases that they are told: `slow` takes its time;
 * `wrong` appends what is refused, and fails at its work; `crashing` ends in the middle of an append, begins it again
 * when it is back, and leaves deliveries unsettled; `duplicating` sends an append several times at once, and acknowledges twice.
 */
export type Behaviour = 'steady' | 'slow' | 'wrong' | 'crashing' | 'duplicating'

export const BEHAVIOURS: readonly Behaviour[] = ['steady', 'slow', 'wrong', 'crashing', 'duplicating']

export interface AgentCounts {
  /** Events it has begun to append; those that are refused by intent are not among them. */
  appended: number
  acknowledged: number
  /** Answers that an append under the same key had stored the event already. */
  repeated: number
  /** Appends that a wrong expectation was to make fail, and did. */
  conflicts: number
  /** Appends that were to be refused, and were. */
  refused: number
  crashes: number
  /** Tries that failed because the server could not be reached, or not in time. */
  unanswered: number
  taken: number
  /** Of those taken, the ones that had been delivered before. */
  redelivered: number
  acked: number
  nacked: number
  /** Deliveries that it settled too late. */
  stale: number
}

export interface MockAgentOptions {
  readonly agentId: string
  readonly behaviour?: Behaviour | undefined
  readonly seed?: number | string | undefined
  /** In what share of cases it behaves as it does; default 0.2. */
  readonly share?: number | undefined
  /** How long a slow agent takes at most, for an append or a delivery; default 100. */
  readonly slowMs?: number | undefined
}

export interface WorkOptions {
  readonly signal: AbortSignal
  /** What it does with an event before it acknowledges it. A group may deliver twice, so it must bear repetition. */
  readonly handle?: ((delivery: Delivery) => void | Promise<void>) | undefined
  readonly max?: number | undefined
}

/** What is waited after a try that failed, beyond those that the client itself makes. */
const AFTER_FAILURE_MS = 50
/** No stream has so many events. */
const WRONG_REVISION = 2 ** 40

export class MockAgent {
  readonly counts: AgentCounts = {
    appended: 0,
    acknowledged: 0,
    repeated: 0,
    conflicts: 0,
    refused: 0,
    crashes: 0,
    unanswered: 0,
    taken: 0,
    redelivered: 0,
    acked: 0,
    nacked: 0,
    stale: 0,
  }
  readonly agentId: string
  readonly behaviour: Behaviour
  private readonly random: Random
  private readonly share: number
  private readonly slowMs: number

  constructor(
    private readonly lighthouse: Lighthouse,
    private readonly ledger: Ledger,
    { agentId, behaviour = 'steady', seed = 1, share = 0.2, slowMs = 100 }: MockAgentOptions,
  ) {
    this.agentId = agentId
    this.behaviour = behaviour
    this.share = share
    this.slowMs = slowMs
    this.random = new Random(`${seed}/${agentId}/${behaviour}`)
  }

  /** Appends events in their order, each when its causes are stored, and again until it is acknowledged. */
  async append(events: Iterable<GeneratedEvent>, signal?: AbortSignal): Promise<void> {
    for (const generated of events) {
      signal?.throwIfAborted()
      await this.ledger.settled(generated.causes)
      await this.appendOne(generated, signal)
    }
  }

  /** Takes from a group and settles what it takes until the signal aborts. */
  async work(group: Group, { signal, handle, max = 10 }: WorkOptions): Promise<void> {
    while (!signal.aborted) {
      const deliveries = await this.orTryAgain(() => group.take({ max, waitSeconds: 1, signal }), signal)
      for (const delivery of deliveries ?? []) {
        this.counts.taken++
        if (delivery.attempt > 1) this.counts.redelivered++
        await this.settle(group, delivery, handle)
      }
    }
  }

  private get misbehaves(): boolean {
    return this.random.chance(this.share)
  }

  private async appendOne(generated: GeneratedEvent, signal: AbortSignal | undefined): Promise<void> {
    const { ref } = generated
    // Made once: what is repeated under a key must be the same.
    const event = linkedTo(generated, cause => this.ledger.idOf(cause))
    const options = { key: ref, signal }
    this.counts.appended++
    this.ledger.begin(ref)
    if (this.behaviour !== 'steady' && this.misbehaves) await this.misbehaveAt(event, options)
    for (;;) {
      // What was aborted fails at once, so trying it again would leave no turn for anything else.
      signal?.throwIfAborted()
      const appended = await this.orTryAgain(() => this.lighthouse.append(event, options), signal)
      if (appended === undefined) continue
      if (appended.duplicate) this.counts.repeated++
      this.counts.acknowledged++
      this.ledger.acknowledge(ref, appended)
      return
    }
  }

  private async misbehaveAt(event: NewEvent, options: AppendOptions & { readonly key: string }): Promise<void> {
    const { signal, key } = options
    switch (this.behaviour) {
      case 'slow':
        return pause(this.random.between(0, this.slowMs), signal)
      case 'wrong':
        if (this.random.chance(0.5)) return this.conflict(event, { ...options, key: `${key}/conflict` })
        return this.beRefused({ ...event, type: '' }, { ...options, key: `${key}/refused` })
      case 'crashing':
        return this.crash(event, options)
      default:
        await Promise.all([this.sendTwin(event, options), this.sendTwin(event, options)])
    }
  }

  /** The sending that counts comes later; which of them stores the event is up to the server. */
  private async sendTwin(event: NewEvent, options: AppendOptions): Promise<void> {
    try {
      const { duplicate } = await this.lighthouse.append(event, options)
      if (duplicate) this.counts.repeated++
    } catch (error) {
      this.failed(error)
    }
  }

  private async conflict(event: NewEvent, options: AppendOptions): Promise<void> {
    try {
      await this.lighthouse.append(event, { ...options, expectedRevision: WRONG_REVISION })
    } catch (error) {
      if (error instanceof ConflictError) this.counts.conflicts++
      else this.failed(error)
    }
  }

  private async beRefused(event: NewEvent, options: AppendOptions): Promise<void> {
    try {
      await this.lighthouse.append(event, options)
    } catch (error) {
      if (error instanceof LighthouseError && error.code === 'INVALID_EVENT') this.counts.refused++
      else this.failed(error)
    }
  }

  /** Sends it and is gone before, or just after, the server has answered: nobody of it knows what became of the append. */
  private async crash(event: NewEvent, options: AppendOptions): Promise<void> {
    this.counts.crashes++
    const gone = new AbortController()
    const sent = this.lighthouse.append(event, { ...options, signal: gone.signal }).catch(() => undefined)
    await Promise.race([sent, pause(this.random.between(0, 5))])
    gone.abort()
    await sent
  }

  private async settle(group: Group, delivery: Delivery, handle: WorkOptions['handle']): Promise<void> {
    const misbehaves = this.behaviour !== 'steady' && this.misbehaves
    if (misbehaves && this.behaviour === 'slow') await pause(this.random.between(0, this.slowMs))
    if (misbehaves && this.behaviour === 'crashing') {
      this.counts.crashes++
      return
    }
    if (misbehaves && this.behaviour === 'wrong') {
      await this.settleOnce(() => group.nack([delivery.token], { action: 'retry', reason: 'it went wrong' }), 'nacked')
      return
    }
    await handle?.(delivery)
    await this.settleOnce(() => group.ack([delivery.token]), 'acked')
    // The counts say how many deliveries were acknowledged, so the second time does not count.
    if (misbehaves && this.behaviour === 'duplicating')
      await group.ack([delivery.token]).catch((error: unknown) => isStale(error) || this.failed(error))
  }

  /** It is settled in spite of failures, unless the deadline passes. */
  private async settleOnce(settle: () => Promise<void>, count: 'acked' | 'nacked'): Promise<void> {
    for (;;) {
      try {
        await settle()
        this.counts[count]++
        return
      } catch (error) {
        if (isStale(error)) {
          this.counts.stale++
          return
        }
        this.failed(error)
        await pause(AFTER_FAILURE_MS)
      }
    }
  }

  /** Undefined after a failure that may pass, or after an abort. */
  private async orTryAgain<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T | undefined> {
    try {
      return await work()
    } catch (error) {
      if (signal?.aborted === true) return undefined
      this.failed(error)
      await pause(AFTER_FAILURE_MS)
      return undefined
    }
  }

  /** Counts a failure that may pass, and throws any other. */
  private readonly failed = (error: unknown): void => {
    const mayPass = error instanceof LighthouseError && (error.retryable || error.outcome === 'indeterminate')
    if (!mayPass) throw error
    this.counts.unanswered++
  }
}

/** Settled before, or with another agent since: the service says so, and nothing is wrong with it. */
function isStale(error: unknown): boolean {
  return error instanceof LighthouseError && error.code === 'STALE_DELIVERY'
}
