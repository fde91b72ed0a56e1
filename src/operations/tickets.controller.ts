// `POST /v1/tickets`: a ticket for an EventSource or a WebSocket of a browser, which cannot send the header of a token.
import { Controller, Post } from '@nestjs/common'
import type { Access } from '../auth/access.js'
import { CallerAccess } from '../auth/caller.decorator.js'
import { Needs } from '../auth/scope.decorator.js'
import { TICKET_LIFETIME_MS, Tickets } from '../auth/tickets.js'
import { TokenVerifier } from '../auth/token-verifier.js'
import { invalid } from '../contract/errors.js'
import { Text } from '../wire/fields.decorator.js'
import { Http, type HttpExchange } from '../wire/http.decorator.js'
import { Route } from '../wire/openapi/route.decorator.js'

export class TicketAnswer {
  @Text('Goes into an address, as `?ticket=`.', { example: 'Qf0b9Xj1rXg1Yp0c7m3kJ2v8wq5tLhZ6sUeNdAaRbOc' })
  ticket: string
  @Text('Until when it can be used, once.', { format: 'date-time', example: '2026-01-31T12:00:30.000Z' })
  expiresAt: string
}

@Controller('v1/tickets')
export class TicketsController {
  constructor(
    private readonly tickets: Tickets,
    private readonly verifier: TokenVerifier,
  ) {}

  @Post()
  @Needs('any')
  @Route('createTicket', {
    summary: 'Make a ticket',
    description:
      'For one server-sent stream (`GET /v1/events?ticket=…` or `GET /v1/projections/{name}/changes?ticket=…`, with `Accept: text/event-stream`) or one WebSocket (`/v1/stream?ticket=…`), within 30 s. What is opened by it may do what the token may, and ends with it.',
    answers: { 201: { description: 'A new ticket.', type: TicketAnswer } },
  })
  async create(@Http() http: HttpExchange, @CallerAccess() { agentId }: Access): Promise<string | Buffer> {
    const { token, body } = http.request
    for (const field of Object.keys(body ?? {}))
      throw invalid(`/${field}`, 'is not a field: a ticket is asked for with nothing')
    http.form()
    const { endsAt } = await this.verifier.stillGood(token)
    const ticket = this.tickets.issue(token as string, agentId)
    const until = Math.min(this.verifier.clock.now() + TICKET_LIFETIME_MS, endsAt)
    return http.send({ ticket, expiresAt: new Date(until).toISOString() })
  }
}
