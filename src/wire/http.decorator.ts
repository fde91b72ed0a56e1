// Hands a route its request and the answer to it as one thing, with what all routes do to answers.
import type { ServerResponse } from 'node:http'
import { createParamDecorator, type ExecutionContext } from '@nestjs/common'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { contentTypes, type Form, formOf, PLAIN_FORMS, type PlainForm, sendValue } from './negotiation.js'

export class HttpExchange {
  constructor(
    readonly request: FastifyRequest,
    readonly reply: FastifyReply,
  ) {}

  /** What is below the reply, for whoever writes to it past the framework. */
  get answer(): ServerResponse {
    return this.reply.raw
  }

  /** The best of these forms. Throws NOT_ACCEPTABLE: what cannot be answered as asked shall not be done either. */
  form(): PlainForm
  form<F extends Form>(offered: readonly F[]): F
  form(offered: readonly Form[] = PLAIN_FORMS): Form {
    return formOf(this.request.headers.accept, offered)
  }

  /** Says in the headers which form the answer has. */
  announce(form: Form): void {
    void this.reply.header('content-type', contentTypes[form]).header('vary', 'Accept')
  }

  /** The answer to a plain value, as its request asks. */
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

// By index, because `switchToHttp()` makes three functions for each request.
export const Http = createParamDecorator(
  (_: unknown, context: ExecutionContext): HttpExchange =>
    new HttpExchange(context.getArgByIndex(0), context.getArgByIndex(1)),
)
