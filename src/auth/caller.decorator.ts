// Hands a controller who is calling; the authentication hook has put it on the request.
import { createParamDecorator, type ExecutionContext } from '@nestjs/common'
import type { FastifyRequest } from 'fastify'
import { StoreError } from '../contract/errors.js'
import type { Access } from './access.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is calling; undefined on public routes, and for strangers. */
    access?: Access
    /** Its answer tells of what the token may read: it is given only to one that is still good. */
    isRead?: boolean
  }
}

export const CallerAccess = createParamDecorator((_: unknown, context: ExecutionContext): Access => {
  // By index, because `switchToHttp()` makes three functions for each request.
  const { access } = context.getArgByIndex<FastifyRequest>(0)
  if (access === undefined) throw new StoreError('INTERNAL', 'A route asked for its caller without needing a token')
  return access
})
