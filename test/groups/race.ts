// Fifty consumers race for tasks over HTTP: some take and are never heard of again, and the server is killed meanwhile.
import { Random } from '../support/random.js'
import { RunningServer, tokenOf } from '../support/running-server.js'
import { endFrontThread, threadsEnv } from '../support/several-threads.js'

export interface Orders {
  readonly consumers: number
  readonly tasks: number
  /** After so many tasks are done the server is killed and started again, each time. */
  readonly killAfter: readonly number[]
  readonly ackTimeoutSeconds: number
  /** How often a consumer forgets what it was given. */
  readonly forget: number
  readonly seed: number
  /** Threads that serve; 1: one does everything. */
  readonly threads?: number
  /** Each time so many more tasks are done, one of several threads is ended. */
  readonly frontKillEvery?: number
}

export interface Given {
  readonly position: number
  readonly number: number
  readonly deadlineMs: number
}

interface Answer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: each route has its own.
  readonly body: any
}

const ROLES = ['guest', 'agent', 'expert_agent', 'system_agent', 'admin']
const PLENTY = { requestsPerMinute: 1e9, eventsPerMinute: 1e9, bytesPerMinute: 1e12, batch: 1_000 }
const QUOTAS = { LIGHTHOUSE_QUOTAS: JSON.stringify(Object.fromEntries(ROLES.map(role => [role, PLENTY]))) }
const GROUP = '/v1/subscriptions/racers'

export class Race {
  readonly given: Given[] = []
  /** The tokens by which each task was done: more than one would be one too many. */
  readonly done = new Map<number, string[]>()
  readonly counts = { forgotten: 0, stale: 0, kills: 0, frontKills: 0, repeated: 0 }
  /** The server that is up, or about to be. */
  private server: Promise<RunningServer>
  private readonly env: Readonly<Record<string, string>>

  constructor(private readonly orders: Orders) {
    this.env = { ...QUOTAS, ...threadsEnv(orders.threads ?? 1) }
    this.server = RunningServer.start(this.env)
  }

  async run(): Promise<void> {
    const { ackTimeoutSeconds, tasks, consumers } = this.orders
    const boss = await tokenOf({ sub: 'boss', role: 'system_agent' })
    const rules = { ackTimeoutSeconds, maxAttempts: 100, consumers: { agents: ['racer-*'] } }
    const definition = { filter: { types: ['task'] }, after: 'start', ...rules }
    await this.ask(boss, 'PUT', GROUP, definition)
    const events = Array.from({ length: tasks }, (_, n) => ({ type: 'task', stream: `tasks/${n % 7}`, data: { n } }))
    await this.ask(boss, 'POST', '/v1/events/batch', { events })
    await Promise.all(Array.from({ length: consumers }, (_, i) => this.consume(i)))
  }

  async progress(): Promise<Answer['body']> {
    return (await this.ask(await tokenOf({ sub: 'boss', role: 'system_agent' }), 'GET', GROUP)).body.progress
  }

  async stop(): Promise<void> {
    await (await this.server).stop()
  }

  private get over(): boolean {
    return this.done.size >= this.orders.tasks
  }

  private async consume(index: number): Promise<void> {
    const random = new Random(this.orders.seed + index)
    const bearer = await tokenOf({ sub: `racer-${index}`, role: 'agent' })
    while (!this.over) {
      const path = `${GROUP}/take?max=${random.between(1, 5)}&wait=1`
      const { body } = await this.ask(bearer, 'POST', path, undefined)
      const deliveries: { token: string; deadline: string; event: { position: number } }[] = body.deliveries
      for (const { token, deadline, event } of deliveries) {
        const number = Number(token.split('.')[1])
        this.given.push({ position: event.position, number, deadlineMs: Date.parse(deadline) })
      }
      if (deliveries.length === 0) continue
      if (random.chance(this.orders.forget)) this.counts.forgotten += deliveries.length
      else for (const { token, event } of deliveries) await this.ack(bearer, token, event.position)
    }
  }

  private async ack(bearer: string, token: string, position: number): Promise<void> {
    const { status } = await this.ask(bearer, 'POST', `${GROUP}/ack`, { tokens: [token] })
    if (status === 409) {
      this.counts.stale++
      return
    }
    this.done.set(position, [...(this.done.get(position) ?? []), token])
    const every = this.orders.frontKillEvery ?? Number.POSITIVE_INFINITY
    if (this.done.size >= every * (this.counts.frontKills + 1)) void this.killFrontThread()
    if (this.done.size >= (this.orders.killAfter[this.counts.kills] ?? Number.POSITIVE_INFINITY)) this.kill()
  }

  private async killFrontThread(): Promise<void> {
    this.counts.frontKills++
    endFrontThread(await this.server)
  }

  private kill(): void {
    this.counts.kills++
    this.server = this.server.then(async server => {
      await server.kill()
      return RunningServer.start(this.env, server.directory)
    })
  }

  /** Asks until there is an answer: whoever was cut off asks the same of the server that comes next. */
  private async ask(bearer: string, method: string, path: string, json?: object): Promise<Answer> {
    const headers = { authorization: `Bearer ${bearer}`, ...(json && { 'content-type': 'application/json' }) }
    for (;;) {
      const server = await this.server
      try {
        const answer = await fetch(server.url + path, { method, headers, ...(json && { body: JSON.stringify(json) }) })
        const body = await answer.json()
        if (answer.status < 300 || answer.status === 409) return { status: answer.status, body }
        throw new Error(`${method} ${path} was answered with ${answer.status}: ${JSON.stringify(body)}`)
      } catch (error) {
        if (server.running && (await this.server) === server && !(error instanceof TypeError)) throw error
        this.counts.repeated++
      }
    }
  }
}
