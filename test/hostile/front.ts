// Where an attack stands: whom it is made as, how large it is, how long it lasts, and what came of it.
import { type Answer, after, ask, type Question } from './ask.js'

export type Who = 'agent' | 'guest' | 'stranger'

export interface FrontOrders {
  readonly url: string
  readonly who: Who
  readonly agentId: string
  /** Undefined for a stranger. */
  readonly token: string | undefined
  /** Of the same agent, good for taking from groups and for no stream there is. */
  readonly blindToken: string | undefined
  readonly seconds: number
  /** 1 is what was found to hurt. */
  readonly scale: number
  readonly attacks: readonly string[]
}

/** By name of the attack: how often it was tried, and by what it was answered. */
export type Counts = Readonly<
  Record<string, { readonly sent: number; readonly answers: Readonly<Record<string, number>> }>
>

/** After a refusal an attacker tries again, but no faster than this, so that no attack uses up the quota of all. */
const REST_MS = 2_000

/** An answer is waited for so much longer than the attack lasts. */
const LAST_ANSWER_MS = 5_000
const LEAST_HOLD_MS = 1_000

export class Front {
  readonly until: number
  private readonly tallies = new Map<string, { sent: number; answers: Record<string, number> }>()

  constructor(readonly orders: FrontOrders) {
    this.until = performance.now() + orders.seconds * 1_000
  }

  get isOver(): boolean {
    return performance.now() >= this.until
  }

  get leftMs(): number {
    return Math.max(0, this.until - performance.now())
  }

  /** How long something is held until the end: long enough to be answered, when a busy machine has used the time up. */
  get holdMs(): number {
    return Math.max(LEAST_HOLD_MS, this.leftMs)
  }

  get counts(): Counts {
    return Object.fromEntries(this.tallies)
  }

  scaled(count: number): number {
    return Math.max(1, Math.round(count * this.orders.scale))
  }

  sent(attack: string, count = 1): void {
    this.tally(attack).sent += count
  }

  answered(attack: string, label: string): void {
    const { answers } = this.tally(attack)
    answers[label] = (answers[label] ?? 0) + 1
  }

  /** With the attacker's token unless another is named. What is not answered when the attack ends is counted as that. */
  async ask(attack: string, question: Omit<Question, 'url'>): Promise<Answer> {
    const { url, token } = this.orders
    this.sent(attack)
    const answer = await ask({ url, token, timeoutMs: this.leftMs + LAST_ANSWER_MS, ...question })
    this.answered(attack, answer.label)
    return answer
  }

  /** `count` at a time until the end, each at its own pace and at least once, however late a busy machine lets it begin. */
  async loop(count: number, everyMs: number, one: (n: number) => Promise<Answer>): Promise<void> {
    const worker = async (n: number) => {
      await after(Math.min(this.leftMs, (n * everyMs) / count))
      do {
        const begun = performance.now()
        const { status } = await one(n)
        const pause = status === 429 || status === 0 ? Math.max(REST_MS, everyMs) : everyMs
        await this.rest(pause - (performance.now() - begun))
      } while (!this.isOver)
    }
    await Promise.all(Array.from({ length: count }, (_, n) => worker(n)))
  }

  /** Begins `count` of something that lasts, so many in a second, and goes on with those that ended. */
  async hold(count: number, perSecond: number, one: (n: number) => Promise<Answer>): Promise<void> {
    const holder = async (n: number) => {
      await this.rest((n / perSecond) * 1_000)
      do {
        const { status } = await one(n)
        // Whoever was refused a place comes back, and so many of them do that they must not all come at once.
        if (status !== 200) await this.rest(REST_MS + (count / perSecond) * 1_000)
      } while (!this.isOver)
    }
    await Promise.all(Array.from({ length: count }, (_, n) => holder(n)))
  }

  async rest(milliseconds: number): Promise<void> {
    if (milliseconds > 0) await after(Math.min(milliseconds, this.leftMs))
  }

  private tally(attack: string) {
    const tally = this.tallies.get(attack) ?? { sent: 0, answers: {} }
    this.tallies.set(attack, tally)
    return tally
  }
}
