// One connection to a server that is kept, so that the same thread answers all that is asked over it.
import { Agent, request } from 'node:http'

export interface KeptAnswer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: each route has its own.
  readonly body: any
}

export class KeptConnection {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 1 })

  constructor(
    private readonly url: string,
    private readonly authorization: string,
  ) {}

  /** Rejects when the connection breaks; the next request begins another one. */
  ask(method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<KeptAnswer> {
    return new Promise((answered, failed) => {
      const asked = request(this.url + path, {
        agent: this.agent,
        method,
        headers: { authorization: this.authorization, 'content-type': 'application/json', ...headers },
      })
      asked.once('error', failed).once('response', answer => {
        let text = ''
        answer
          .setEncoding('utf8')
          .on('data', chunk => {
            text += chunk
          })
          .once('error', failed)
          .once('end', () => {
            answered({ status: answer.statusCode ?? 0, body: text === '' ? undefined : JSON.parse(text) })
          })
      })
      asked.end(body === undefined ? undefined : JSON.stringify(body))
    })
  }

  close(): void {
    this.agent.destroy()
  }
}
