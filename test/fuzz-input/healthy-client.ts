// A client that behaves: it appends and follows beside whatever else is sent, and says what it missed.
import type { RunningServer } from '../support/running-server.js'
import { StreamClient } from '../support/stream-client.js'
import { goodToken } from './odd-tokens.js'

const EVERY_MS = 100
/** Far beyond what an append takes beside anything that the server may be asked to do. */
const PATIENCE_MS = 30_000

export class HealthyClient {
  appended = 0
  private readonly timer: NodeJS.Timeout

  private constructor(private readonly client: StreamClient) {
    this.timer = setInterval(() => this.append(), EVERY_MS)
  }

  static async beside(server: RunningServer): Promise<HealthyClient> {
    const authorization = `Bearer ${goodToken('healthy', 'system_agent')}`
    const client = await StreamClient.open(server.url, { authorization })
    client.send({ type: 'subscribe', id: 'healthy', after: 'start', filter: { streams: ['healthy'] } })
    return new HealthyClient(client)
  }

  private append(): void {
    if (this.client.code !== undefined) return
    this.client.send({
      type: 'append',
      id: `h${this.appended++}`,
      events: [{ type: 'T', stream: 'healthy', data: {} }],
    })
  }

  /** What is wrong; undefined when everything was stored once and came back once, in order. */
  async end(): Promise<string | undefined> {
    clearInterval(this.timer)
    const late = Promise.withResolvers<string>()
    const patience = setTimeout(() => late.resolve('not everything was answered in time'), PATIENCE_MS)
    try {
      return await Promise.race([this.fault(), late.promise])
    } finally {
      clearTimeout(patience)
      this.client.socket.terminate()
    }
  }

  private async fault(): Promise<string | undefined> {
    try {
      await this.client.all('appended', this.appended)
      const events = await this.client.all('event', this.appended)
      const inOrder = events.every(({ event }, n) => event.revision === n)
      return inOrder ? undefined : 'events came twice, not at all, or in another order'
    } catch (error) {
      return (error as Error).message
    }
  }
}
