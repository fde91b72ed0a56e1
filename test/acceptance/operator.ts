// Whoever runs a server under acceptance: asks it by HTTP, and says what it has answered.
import { Lighthouse } from '../../client/src/node/lighthouse.js'
import { type RunningServer, tokenOf } from '../support/running-server.js'
import { until } from '../support/until.js'

export const TOKEN = await tokenOf({ sub: 'operator', role: 'admin', exp: Math.ceil(Date.now() / 1000) + 86_400 })

/** Of a server that is to be limited by its disk alone. */
export const PLENTY = JSON.stringify({ admin: { requestsPerMinute: 1e9, eventsPerMinute: 1e9, bytesPerMinute: 1e12 } })

export interface Answer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what is to be found out.
  readonly body: any
}

export class Operator {
  constructor(private readonly server: RunningServer) {}

  async ask(path: string, json?: object, method = json === undefined ? 'GET' : 'POST'): Promise<Answer> {
    const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' }
    const body = json === undefined ? null : JSON.stringify(json)
    const answer = await fetch(`${this.server.url}${path}`, { method, headers, body })
    return { status: answer.status, body: await answer.json() }
  }

  /** What must succeed. */
  async answerOf(path: string, json?: object, method?: string): Promise<Answer['body']> {
    const { status, body } = await this.ask(path, json, method)
    if (status >= 300) throw new Error(`${path} answered ${status}: ${JSON.stringify(body)}`)
    return body
  }

  client(): Lighthouse {
    return new Lighthouse({ url: this.server.url, token: TOKEN })
  }

  get mode(): Promise<string> {
    return this.answerOf('/v1/admin/mode').then(({ mode }) => mode)
  }

  /** Resolves when an append is stored, which is refused again and again until then. */
  async canAppend(): Promise<void> {
    const event = { type: 'Tried', stream: 'acceptance', data: {} }
    await until(async () => (await this.ask('/v1/events', event)).status === 201, 20)
  }
}
