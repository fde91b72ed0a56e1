// Says the mode of the service on everything that an HTTP server answers, whoever writes it, as of when its head is written.
import { type IncomingMessage, type OutgoingHttpHeader, type OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { type ModeHolder, modeHeader } from '../degradation/mode-holder.js'

type Headers = OutgoingHttpHeaders | OutgoingHttpHeader[]

/** The server is made before the application that knows the mode; until then there is nothing to say. */
export class ModeHeader {
  private mode: ModeHolder | undefined

  follow(mode: ModeHolder): void {
    this.mode = mode
  }

  /** Undefined in the usual case. */
  get value(): string | undefined {
    const mode = this.mode?.current
    return mode === undefined || mode === 'NORMAL' ? undefined : mode
  }

  /** For heads that are written by hand. */
  get fields(): Readonly<Record<string, string>> {
    const { value } = this
    return value === undefined ? {} : { 'Lighthouse-Mode': value }
  }

  /** Node makes its answers of this class: routes, streams and frameworks all write their heads through it. */
  answers() {
    const said = this
    return class<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
      override writeHead(status: number, reason?: string | Headers, headers?: Headers): this {
        const { value } = said
        if (value !== undefined) this.setHeader(modeHeader, value)
        return super.writeHead(status, reason as string, headers)
      }
    }
  }
}
