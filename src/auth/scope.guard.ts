// The one guard: admits a request only if its route declares what it needs and the caller has it.
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common'
import type { FastifyRequest } from 'fastify'
import { StoreError } from '../contract/errors.js'
import './caller.decorator.js'
import { Denials } from './denials.js'
import { NEEDS, type Need } from './scope.decorator.js'

/** These scopes change nothing, so their answers may be withheld. An append or a settlement must always be answered. */
const READS: ReadonlySet<Need | undefined> = new Set<Need>(['events.read', 'events.query', 'admin.read'])

@Injectable()
export class ScopeGuard implements CanActivate {
  constructor(private readonly denials: Denials) {}

  canActivate(context: ExecutionContext): boolean {
    const need: Need | undefined =
      Reflect.getMetadata(NEEDS, context.getHandler()) ?? Reflect.getMetadata(NEEDS, context.getClass())
    if (need === 'public' || need === 'optional') return true
    const request = context.switchToHttp().getRequest<FastifyRequest>()
    const { access } = request
    if (access === undefined) throw new StoreError('UNAUTHENTICATED', 'The request has no valid token')
    if (need === 'any') return true
    if (need !== undefined && access.has(need)) {
      if (READS.has(need)) request.isRead = true
      return true
    }
    const detail = need === undefined ? 'The route declares no scope' : `The token lacks the scope ${need}`
    this.denials.report({ reason: 'FORBIDDEN', who: access.agentId, route: request.routeOptions.url ?? '', detail })
    throw new StoreError('FORBIDDEN', detail)
  }
}
