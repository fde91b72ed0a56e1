// An HTTP proxy that loses answers: the server has done what it was asked, and the connection ends before anybody is told.
import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export class LosingProxy {
  lost = 0
  private readonly server: Server

  private constructor(
    private readonly behind: string,
    private readonly method: string,
    private readonly losses: number,
  ) {
    this.server = createServer((asked, answer) => void this.pass(asked, answer))
  }

  /** Loses the first answers to requests of one method, and none after that. */
  static async before(url: string, method: string, losses: number): Promise<LosingProxy> {
    const proxy = new LosingProxy(url, method, losses)
    proxy.server.listen(0, '127.0.0.1')
    await once(proxy.server, 'listening')
    return proxy
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close')
    this.server.close()
    this.server.closeAllConnections()
    await closed
  }

  private async pass(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const { method = '', headers, url = '' } = asked
    const forwarded = asked.pipe(request(new URL(url, this.behind), { method, headers, agent: false }))
    const [told] = (await once(forwarded, 'response')) as [IncomingMessage]
    if (method !== this.method || this.lost === this.losses) {
      told.pipe(answer.writeHead(told.statusCode ?? 500, told.headers))
      return
    }
    this.lost++
    told.resume()
    await once(told, 'end')
    asked.socket.destroy()
  }
}
