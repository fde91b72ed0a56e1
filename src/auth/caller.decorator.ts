// Passes a controller the access of its caller, which the authentication hook has put on the request.
import { createParamDecorator, type ExecutionContext } from '@nestjs/common'
import type { FastifyRequest } from 'fastify'
import { StoreError } from '../contract/errors.js'
import type { Access } from './access.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** Undefined on public routes, and on routes with an optional token when none was sent. */
    access?: Access
    /** The token that the request was admitted by; of a ticket, the one that it stands for. Set where `access` is. */
    token?: string
    /** True when the answer shows what the token may read; it is sent only if the token is still valid by then. */
    isRead?: boolean
  }
}

export const CallerAccess = createParamDecorator((_: unknown, context: ExecutionContext): Access => {
  // Arguments are taken by index, because `switchToHttp()` allocates three functions for each request.
  const { access } = context.getArgByIndex<FastifyRequest>(0)
  if (access === undefined) throw new StoreError('INTERNAL', 'A route asked for its caller without needing a token')
  return access
})
