// Sets the header with the service's mode on every answer of the HTTP server, at the moment its head is written.
import { type IncomingMessage, type OutgoingHttpHeader, type OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { type ModeHolder, modeHeader } from '../degradation/mode-holder.js'

type Headers = OutgoingHttpHeaders | OutgoingHttpHeader[]

/** The server is created before the application that knows the mode; until `follow` is called no header is set. */
export class ModeHeader {
  private mode: ModeHolder | undefined

  follow(mode: ModeHolder): void {
    this.mode = mode
  }

  /** Undefined in mode NORMAL, which is not announced. */
  get value(): string | undefined {
    const mode = this.mode?.current
    return mode === undefined || mode === 'NORMAL' ? undefined : mode
  }

  /** The header for heads that are written by hand, past Node's response. */
  get fields(): Readonly<Record<string, string>> {
    const { value } = this
    return value === undefined ? {} : { 'Lighthouse-Mode': value }
  }

  /** To be called just before the head is written. */
  announce(answer: ServerResponse): void {
    const { value } = this
    if (value !== undefined) answer.setHeader(modeHeader, value)
  }

  /** Node creates its responses from this class, and every route, stream and framework writes its head through it. */
  answers() {
    const said = this
    return class<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
      override writeHead(status: number, reason?: string | Headers, headers?: Headers): this {
        said.announce(this)
        return super.writeHead(status, reason as string, headers)
      }
    }
  }
}
