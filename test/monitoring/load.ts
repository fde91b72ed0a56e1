// Agents at work on a real server: they write, follow, query, consume as a group, and make some mistakes.
import { tokenOf } from '../support/running-server.js'
import { until } from '../support/until.js'

const EVENTS_TOGETHER = 20

export class Agents {
  private readonly over = new AbortController()
  private readonly work: Promise<unknown>[] = []

  private constructor(
    private readonly url: string,
    private readonly token: string,
    private readonly pauseMs: number,
  ) {}

  /** Each of them rests for so long between two turns. */
  static async start({ url }: { readonly url: string }, pauseMs = 0): Promise<Agents> {
    const agents = new Agents(url, await tokenOf({ sub: 'builder', role: 'admin' }), pauseMs)
    await agents.ask('PUT', '/v1/subscriptions/builders', { filter: { types: ['TaskAdded'] } })
    await agents.follow()
    for (const turn of [() => agents.write(), () => agents.read(), () => agents.consume(), () => agents.err()])
      agents.work.push(agents.again(turn))
    return agents
  }

  async end(): Promise<void> {
    this.over.abort()
    await Promise.allSettled(this.work)
  }

  async ask(method: string, path: string, body?: unknown): Promise<Response> {
    const headers = { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' }
    const sent = body === undefined ? {} : { body: JSON.stringify(body) }
    const signal = this.over.signal
    return fetch(`${this.url}${path}`, { method, headers, signal, ...sent })
  }

  private async again(turn: () => Promise<void>): Promise<void> {
    while (!this.over.signal.aborted) {
      await turn()
      const end = performance.now() + this.pauseMs
      if (this.pauseMs > 0) await until(() => performance.now() >= end, this.pauseMs)
    }
  }

  private async follow(): Promise<void> {
    const headers = { authorization: `Bearer ${this.token}`, accept: 'text/event-stream' }
    const followed = await fetch(`${this.url}/v1/events`, { headers, signal: this.over.signal })
    this.work.push(followed.body?.pipeTo(new WritableStream()) ?? Promise.resolve())
  }

  private async write(): Promise<void> {
    const event = { type: 'TaskAdded', stream: 'tasks', data: { title: 'a task' } }
    await this.sent('POST', '/v1/events', event)
    const events = Array.from({ length: EVENTS_TOGETHER }, () => event)
    await this.sent('POST', '/v1/events/batch', { events })
  }

  private async read(): Promise<void> {
    await this.sent('GET', '/v1/events?limit=100')
  }

  private async consume(): Promise<void> {
    const taken = await this.ask('POST', '/v1/subscriptions/builders/take?max=10&wait=1')
    const { deliveries } = (await taken.json()) as { deliveries: readonly { token: string }[] }
    const tokens = deliveries.map(({ token }) => token)
    if (tokens.length > 0) await this.sent('POST', '/v1/subscriptions/builders/ack', { tokens })
  }

  /** A conflict and a stranger. */
  private async err(): Promise<void> {
    const event = { type: 'TaskAdded', stream: 'tasks', data: {} }
    await this.sent('POST', '/v1/events', { ...event, expectedRevision: 1_000_000_000 })
    const stranger = await fetch(`${this.url}/v1/events`, { signal: this.over.signal })
    await stranger.arrayBuffer()
  }

  private async sent(method: string, path: string, body?: unknown): Promise<void> {
    const answer = await this.ask(method, path, body)
    await answer.arrayBuffer()
  }
}
