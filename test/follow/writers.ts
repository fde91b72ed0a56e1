// Writers that append over HTTP and over sockets, and send again under the same key what they were not answered for.
import type { Random } from '../support/random.js'
import { StreamClient } from '../support/stream-client.js'
import { END, madeEvent } from './filters.js'
import type { World } from './world.js'

const PIPELINED = 20

export class Writers {
  /** Ids of events that the server has promised to keep. */
  readonly stored: string[] = []
  private stopped = false
  private keys = 0
  private readonly sockets = new Set<StreamClient>()

  constructor(
    private readonly world: World,
    private readonly random: Random,
  ) {}

  run(overHttp: number, overSockets: number): Promise<unknown> {
    return Promise.all([
      ...Array.from({ length: overHttp }, () => this.writeOverHttp()),
      ...Array.from({ length: overSockets }, () => this.writeOverSocket()),
    ])
  }

  stop(): void {
    this.stopped = true
  }

  cutOne(): void {
    const [one] = this.sockets
    one?.socket.terminate()
  }

  /** What everybody waits for. */
  async writeEnd(): Promise<void> {
    await this.post({ events: [END] }, 'the end')
  }

  private batch(): { events: Record<string, unknown>[] } {
    return { events: Array.from({ length: this.random.between(1, 5) }, () => madeEvent(this.random)) }
  }

  private async writeOverHttp(): Promise<void> {
    while (!this.stopped) await this.post(this.batch(), `http-${this.keys++}`)
  }

  private async post(body: object, key: string): Promise<void> {
    for (;;) {
      try {
        const answer = await fetch(`${await this.world.url()}/v1/events/batch`, {
          method: 'POST',
          headers: {
            authorization: this.world.authorization,
            'content-type': 'application/json',
            'idempotency-key': key,
          },
          body: JSON.stringify(body),
        })
        if (answer.status >= 500) throw new Error(`the server answered ${answer.status}`)
        const { events } = (await answer.json()) as { events: { id: string }[] }
        this.stored.push(...events.map(({ id }) => id))
        return
      } catch {
        // Killed in the middle: whether it is stored is found out by sending it again.
        await new Promise(setImmediate)
      }
    }
  }

  private async writeOverSocket(): Promise<void> {
    const open = new Map<string, object>()
    while (!this.stopped || open.size > 0) {
      try {
        await this.pipeline(open)
      } catch {
        await new Promise(setImmediate)
      }
    }
  }

  private async pipeline(open: Map<string, object>): Promise<void> {
    const client = await StreamClient.open(await this.world.url(), { authorization: this.world.authorization })
    this.sockets.add(client)
    try {
      for (const frame of open.values()) client.send(frame)
      for (let at = 0; !this.stopped || open.size > 0; ) {
        while (open.size < PIPELINED && !this.stopped) this.sendOne(client, open)
        for (; at < client.heard.length; at++) {
          const { type, id, events = [] } = client.heard[at]
          if (type !== 'appended') continue
          open.delete(id)
          this.stored.push(...events.map((event: { id: string }) => event.id))
        }
        if (client.code !== undefined) throw new Error('cut')
        if (open.size > 0) await client.more()
      }
      await client.close()
    } finally {
      this.sockets.delete(client)
    }
  }

  private sendOne(client: StreamClient, open: Map<string, object>): void {
    const id = `socket-${this.keys++}`
    const frame = { type: 'append', id, key: id, ...this.batch() }
    open.set(id, frame)
    client.send(frame)
  }
}
