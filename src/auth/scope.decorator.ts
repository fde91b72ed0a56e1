// Declares what a route needs of its caller; a route that declares nothing stops the start.
import { applyDecorators, SetMetadata } from '@nestjs/common'
import { ApiExtension, ApiQuery } from '@nestjs/swagger'
import type { Scope } from './access.js'

export const NEEDS = 'lighthouse:needs'

/**
 * `public`: no token is read. `optional`: no token is needed, but one that is sent must be valid and may show more; no
 * quota is charged. `any`: a valid token is needed, and the route checks the rest itself.
 */
export type Need = Scope | 'public' | 'optional' | 'any'

/** Applies to a method or to all methods of a controller; the OpenAPI document shows it as `x-scope`. */
export const Needs = (need: Need) => applyDecorators(SetMetadata(NEEDS, need), ApiExtension('x-scope', need))
export const Public = () => Needs('public')

export const TAKES_TICKETS = 'lighthouse:takes-tickets'

/** For a route of server-sent events: a request for them may show a ticket in place of its token. */
export const TakesTickets = () =>
  applyDecorators(
    SetMetadata(TAKES_TICKETS, true),
    ApiQuery({
      name: 'ticket',
      description:
        'A ticket of `POST /v1/tickets` in place of the header Authorization, which an EventSource cannot send. Only with `Accept: text/event-stream`; good for one request.',
      required: false,
      schema: { type: 'string' },
    }),
  )
