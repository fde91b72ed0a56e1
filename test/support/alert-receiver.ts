// Stands in for PagerDuty, Slack and a webhook: takes what they are sent, and fails, stalls or limits when told to.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Received {
  /** By the clock of `performance`. */
  readonly atMs: number
  readonly path: string
  readonly headers: IncomingMessage['headers']
  // biome-ignore lint/suspicious/noExplicitAny: what comes in is what the tests look at
  readonly body: any
}

export type Manner = 'takes' | 'fails' | 'stalls' | 'limits'

export class AlertReceiver {
  readonly received: Received[] = []
  manner: Manner = 'takes'
  private readonly waiting = new Set<() => void>()
  private readonly server = createServer((request, response) => void this.answer(request, response))

  static async start(): Promise<AlertReceiver> {
    const receiver = new AlertReceiver()
    receiver.server.listen(0, '127.0.0.1')
    await once(receiver.server, 'listening')
    return receiver
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  at(path: string): Received[] {
    return this.received.filter(one => one.path === path)
  }

  /** Resolves once what has come in is as asked. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>(resolve => this.waiting.add(resolve))
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections()
    this.server.close()
    await once(this.server, 'close')
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const text = Buffer.concat(parts).toString()
    const { url = '', headers } = request
    this.received.push({
      atMs: performance.now(),
      path: url,
      headers,
      body: text === '' ? undefined : JSON.parse(text),
    })
    if (this.manner === 'fails') response.writeHead(500).end()
    else if (this.manner === 'limits') response.writeHead(429, { 'retry-after': '120' }).end()
    else if (this.manner === 'takes') {
      response.writeHead(url === '/v2/enqueue' ? 202 : 200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ ok: true, channel: 'C1', ts: `17.${this.received.length}` }))
    }
    for (const wake of this.waiting) wake()
    this.waiting.clear()
  }
}
