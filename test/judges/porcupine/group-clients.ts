// Consumers of one group that acknowledge, give back, are late and repeat themselves, each with what it was given.
import type { Random } from '../../support/random.js'
import { until } from '../../support/until.js'
import type { Line, Output } from './history.js'
import type { Answer, TriedServer } from './tried-server.js'

const GROUP = 'judged'
const DEADLINE_SECONDS = 1
/** Nothing is parked by its attempts. */
const MOST_ATTEMPTS = 100
const AT_MOST = 3
/** So many events at most wait for a consumer. */
const AHEAD = 10
/** What is held back is settled after so many takes at most: some before its deadline, some long after. */
const HELD_TAKES = 40

interface Delivery {
  readonly token: string
  readonly attempt: number
  readonly deadline: string
  readonly event: { readonly position: number }
}

export class GroupClients {
  /** A take that was not answered may have been of any event. */
  private readonly unanswered: Pick<Line, 'client' | 'call' | 'return'>[] = []
  private held: { readonly client: number; readonly delivery: Delivery; takes: number }[] = []
  private produced = 0
  private readonly given = new Set<number>()

  constructor(
    private readonly server: TriedServer,
    private readonly lines: Line[],
  ) {}

  async define(): Promise<void> {
    const settings = { ackTimeoutSeconds: DEADLINE_SECONDS, maxAttempts: MOST_ATTEMPTS }
    const { answer } = await this.server.ask('PUT', `/v1/subscriptions/${GROUP}`, {
      filter: { types: ['judged.work'] },
      after: 'start',
      ...settings,
    })
    if (answer?.status !== 201) throw new Error(`the group was answered ${JSON.stringify(answer)}`)
  }

  /** Gives the consumers what to do. */
  async produce(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await until(() => isOver() || this.produced - this.given.size < AHEAD, 5)
      await this.server.ask('POST', '/v1/events', { type: 'judged.work', stream: 'judged-work', data: {} })
      this.produced++
    }
  }

  async consume(client: number, random: Random, isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      for (const delivery of await this.take(client)) await this.treat(client, random, delivery)
      await this.settleHeld(client)
    }
  }

  /** Ends when all that was held back is settled, and writes down what was not answered beside each event. */
  async end(): Promise<void> {
    await Promise.all(this.held.map(({ client, delivery }) => this.settle(client + 200, 'ack', delivery)))
    const parts = new Set(this.lines.filter(({ model }) => model === 'delivery').map(({ part }) => part))
    for (const part of parts) {
      for (const times of this.unanswered) {
        this.lines.push({ model: 'delivery', part, ...times, input: { op: 'deliver' }, output: null })
      }
    }
  }

  private async take(client: number): Promise<readonly Delivery[]> {
    const { server, lines } = this
    const { answer, latestMs, ...times } = await server.ask(
      'POST',
      `/v1/subscriptions/${GROUP}/take?max=${AT_MOST}&wait=1`,
    )
    if (answer?.status !== 200) {
      this.unanswered.push({ client, ...times })
      return []
    }
    const deliveries: Delivery[] = answer.body.deliveries
    if (deliveries.length === 0) return []
    for (const { event } of deliveries) this.given.add(event.position)
    const numbers = deliveries.map(({ token }) => numberOf(token))
    lines.push({ model: 'numbers', part: GROUP, client, ...times, input: { op: 'take' }, output: { numbers } })
    for (const { token, attempt, deadline, event } of deliveries) {
      const output = { number: numberOf(token), attempt, deadlineMs: Date.parse(deadline), latestMs }
      lines.push({ model: 'delivery', part: `${event.position}`, client, ...times, input: { op: 'deliver' }, output })
    }
    return deliveries
  }

  private async treat(client: number, random: Random, delivery: Delivery): Promise<void> {
    const way = random.next()
    if (way < 0.5) return this.settle(client, 'ack', delivery)
    if (way < 0.6) {
      await Promise.all([this.settle(client, 'ack', delivery), this.settle(client + 100, 'ack', delivery)])
    } else if (way < 0.7) {
      await Promise.all([this.settle(client, 'ack', delivery), this.settle(client + 100, 'nack', delivery)])
    } else if (way < 0.8) return this.settle(client, 'nack', delivery)
    // It goes on to believe that the event is its own.
    else this.held.push({ client, delivery, takes: random.between(1, HELD_TAKES) })
  }

  private async settleHeld(client: number): Promise<void> {
    const due = this.held.filter(one => one.client === client && one.takes-- <= 0)
    this.held = this.held.filter(one => !due.includes(one))
    await Promise.all(due.map(({ delivery }) => this.settle(client + 200, 'ack', delivery)))
  }

  private async settle(client: number, op: 'ack' | 'nack', { token, event }: Delivery): Promise<void> {
    const body = { tokens: [token], ...(op === 'nack' && { action: 'retry' }) }
    const { answer, call, return: end } = await this.server.ask('POST', `/v1/subscriptions/${GROUP}/${op}`, body)
    const input = { op, number: numberOf(token) }
    const output = settledOutput(answer)
    this.lines.push({ model: 'delivery', part: `${event.position}`, client, call, return: end, input, output })
  }
}

const numberOf = (token: string) => Number(token.split('.').at(-1))

function settledOutput(answer: Answer | undefined): Output | null {
  if (answer?.status === 200) return { result: 'ok' }
  return answer?.status === 409 && answer.body.code === 'STALE_DELIVERY' ? { result: 'stale' } : null
}
