// Passes a route its request and reply as one object, with the steps that all routes share for answers.
import type { ServerResponse } from 'node:http'
import { createParamDecorator, type ExecutionContext } from '@nestjs/common'
import type { FastifyReply, FastifyRequest } from 'fastify'
import {
  contentTypes,
  type Form,
  formOf,
  isUnchanged,
  PLAIN_FORMS,
  type PlainForm,
  sendValue,
  VARY,
} from './negotiation.js'

export class HttpExchange {
  constructor(
    readonly request: FastifyRequest,
    readonly reply: FastifyReply,
  ) {}

  /** Node's own response, for code that writes past the framework. */
  get answer(): ServerResponse {
    return this.reply.raw
  }

  /** The best of these forms. Throws NOT_ACCEPTABLE; a route must not do what it cannot answer. */
  form(): PlainForm
  form<F extends Form>(offered: readonly F[]): F
  form(offered: readonly Form[] = PLAIN_FORMS): Form {
    return formOf(this.request.headers.accept, offered)
  }

  /** Sets the content type; `vary` keeps a cache from giving this form to a client that accepts another. */
  announce(form: Form): void {
    void this.reply.header('content-type', contentTypes[form]).header('vary', VARY)
  }

  /** Sets the tag of this form of the answer; returns whether the caller has it already, and has been told so by 304. */
  isUnchanged(tag: string): boolean {
    void this.reply.header('etag', tag)
    if (!isUnchanged(this.request.headers['if-none-match'], tag)) return false
    void this.reply.status(304).header('vary', VARY)
    return true
  }

  /** Encodes a plain value in the form the request accepts. Throws NOT_ACCEPTABLE. */
  send(value: unknown): string | Buffer {
    return sendValue(this.request, this.reply, value)
  }

  /** The connection is closed before the answer is, or is closed already: nobody waits any more. */
  whenGone(leave: () => void): void {
    // A caller that left while its token was looked at has closed, and does not do so again.
    if (this.answer.destroyed) leave()
    else this.answer.once('close', leave)
  }

  /** Aborted when the caller is gone. */
  abortOnClose(): AbortSignal {
    const leaving = new AbortController()
    this.whenGone(() => leaving.abort())
    return leaving.signal
  }
}

// Arguments are taken by index, because `switchToHttp()` allocates three functions for each request.
export const Http = createParamDecorator(
  (_: unknown, context: ExecutionContext): HttpExchange =>
    new HttpExchange(context.getArgByIndex(0), context.getArgByIndex(1)),
)
