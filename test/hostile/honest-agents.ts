// Agents that do their work, in a process of their own: they append at a fixed pace whatever the answers take, read a little, follow what they wrote, and keep what was acknowledged.
import { StreamClient } from '../support/stream-client.js'
import { after, ask, endLines } from './ask.js'
import { readOrders, tellReport } from './child.js'
import { percentile } from './percentile.js'

export interface HonestOrders {
  readonly url: string
  readonly agents: readonly { readonly id: string; readonly token: string }[]
  readonly perSecond: number
  readonly seconds: number
}

export interface HonestReport {
  readonly sent: number
  /** By agent: the positions of what was acknowledged. */
  readonly acknowledged: Readonly<Record<string, readonly number[]>>
  readonly appendMs: { readonly p50: number; readonly p99: number; readonly max: number }
  readonly readMs: { readonly p50: number; readonly p99: number; readonly max: number }
  readonly reads: number
  /** By what went wrong. */
  readonly errors: Readonly<Record<string, number>>
  /** Acknowledged events of those who follow, and how many of them came. */
  readonly followed: { readonly expected: number; readonly delivered: number }
}

const TICK_MS = 5
const READ_EVERY_MS = 2_000
const FOLLOWERS_SHARE = 4
const ANSWER_MS = 30_000
const DELIVERY_MS = 20_000

class HonestAgents {
  private readonly appendTimes: number[] = []
  private readonly readTimes: number[] = []
  private readonly errors: Record<string, number> = {}
  private readonly acknowledged: Record<string, number[]>
  private readonly open = new Set<Promise<void>>()
  private readonly followers = new Map<string, StreamClient>()
  private sent = 0

  constructor(private readonly orders: HonestOrders) {
    this.acknowledged = Object.fromEntries(orders.agents.map(({ id }) => [id, []]))
  }

  async run(): Promise<HonestReport> {
    const { agents, url } = this.orders
    for (const [n, { id, token }] of agents.entries()) {
      if (n % FOLLOWERS_SHARE !== 0) continue
      const client = await StreamClient.open(url, { authorization: `Bearer ${token}` })
      client.send({ type: 'subscribe', id: 'own', after: 'head', filter: { streams: [`agent_${id}`] } })
      await client.next('caughtUp')
      this.followers.set(id, client)
    }
    await this.work()
    await Promise.all(this.open)
    const followed = await this.delivered()
    endLines()
    const figures = { appendMs: figuresOf(this.appendTimes), readMs: figuresOf(this.readTimes) }
    const { sent, acknowledged, errors } = this
    return { sent, acknowledged, errors, ...figures, reads: this.readTimes.length, followed }
  }

  /** Each agent at its own beat; what is due is sent, however long the answers before it take. */
  private async work(): Promise<void> {
    const { agents, perSecond, seconds } = this.orders
    const period = 1_000 / perSecond
    const begun = performance.now()
    const end = begun + seconds * 1_000
    const due = agents.map((_, n) => begun + (n / agents.length) * period)
    const reads = agents.map((_, n) => begun + (n / agents.length) * READ_EVERY_MS)
    for (let now = begun; now < end; now = performance.now()) {
      for (const [n, agent] of agents.entries()) {
        for (; (due[n] as number) <= now; due[n] = (due[n] as number) + period) {
          this.start(this.append(agent, due[n] as number))
        }
        for (; (reads[n] as number) <= now; reads[n] = (reads[n] as number) + READ_EVERY_MS) {
          this.start(this.read(agent, reads[n] as number))
        }
      }
      await after(TICK_MS)
    }
  }

  private start(work: Promise<void>): void {
    this.open.add(work)
    void work.finally(() => this.open.delete(work))
  }

  private async append({ id, token }: HonestOrders['agents'][number], due: number): Promise<void> {
    const body = JSON.stringify({ type: 'Honest.Work', stream: `agent_${id}`, data: { n: this.sent++ } })
    const { url } = this.orders
    const { status, label, text } = await ask({ url, path: '/v1/events', token, body, timeoutMs: ANSWER_MS })
    this.appendTimes.push(performance.now() - due)
    if (status === 201) this.acknowledged[id]?.push(JSON.parse(text).position)
    else this.wrong(`append: ${label}`)
  }

  private async read({ id, token }: HonestOrders['agents'][number], due: number): Promise<void> {
    const path = `/v1/events?stream=agent_${id}&order=desc&limit=20`
    const { status, label } = await ask({ url: this.orders.url, path, token, timeoutMs: ANSWER_MS })
    this.readTimes.push(performance.now() - due)
    if (status !== 200) this.wrong(`read: ${label}`)
  }

  private async delivered(): Promise<HonestReport['followed']> {
    let expected = 0
    let delivered = 0
    for (const [id, client] of this.followers) {
      const wanted = new Set(this.acknowledged[id])
      expected += wanted.size
      const patience = setTimeout(() => client.socket.terminate(), DELIVERY_MS)
      for (let seen = 0; wanted.size > 0 && client.code === undefined; ) {
        for (; seen < client.heard.length; seen++) {
          const { type, event } = client.heard[seen]
          if (type === 'event' && wanted.delete(event.position)) delivered++
        }
        if (wanted.size > 0) await client.more()
      }
      clearTimeout(patience)
      if (client.code !== undefined) this.wrong(`follow: closed with ${client.code}`)
      await client.close()
    }
    return { expected, delivered }
  }

  private wrong(what: string): void {
    this.errors[what] = (this.errors[what] ?? 0) + 1
  }
}

function figuresOf(times: readonly number[]) {
  const [p50, p99, max] = [0.5, 0.99, 1].map(share => percentile(times, share))
  return { p50: p50 as number, p99: p99 as number, max: max as number }
}

tellReport(await new HonestAgents(await readOrders()).run())
