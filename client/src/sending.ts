// Sends appends: one alone as a plain request, many at once over a socket; how and how often, a caller does not notice.
import type { AppendSocket } from './append-socket.js'
import { type Appended, type AppendedBatch, type AskedAppend, bodyOf, Fate, onlyOne } from './appends.js'
import type { CallOptions } from './call.js'
import { LighthouseError, NetworkError } from './errors.js'
import type { Http } from './http.js'

export class Sending {
  private underWay = 0

  constructor(
    private readonly http: Http,
    /** Undefined where every append is to be a plain request. */
    private readonly socket: AppendSocket | undefined,
  ) {}

  async send(asked: AskedAppend, options: CallOptions): Promise<Appended | AppendedBatch> {
    const fate = new Fate(asked.key)
    // A socket that broke under an append may break under its next try too, so that one is a plain request.
    let broke = false
    const attempt = async () => {
      if (broke || !this.socket?.takes(asked, this.underWay)) return this.plainly(asked, options)
      try {
        return answerOf(asked, await this.socket.carry(asked, fate, options)) ?? (await this.plainly(asked, options))
      } catch (error) {
        broke = error instanceof NetworkError
        throw error
      }
    }
    this.underWay++
    try {
      return await this.http.repeat(attempt, options.signal, error => fate.failed(error))
    } catch (error) {
      throw error instanceof LighthouseError ? fate.told(error) : error
    } finally {
      this.underWay--
    }
  }

  private async plainly(asked: AskedAppend, options: CallOptions): Promise<Appended | AppendedBatch> {
    const headers = { 'idempotency-key': asked.key }
    const request = { method: 'POST', path: asked.path, body: bodyOf(asked), headers } as const
    return (await this.http.attempt(request, options)).body as Appended | AppendedBatch
  }
}

function answerOf({ path }: AskedAppend, answer: AppendedBatch | undefined): Appended | AppendedBatch | undefined {
  return answer === undefined || path === 'v1/events/batch' ? answer : onlyOne(answer)
}
