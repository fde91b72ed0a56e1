// What a route asks of its caller. A route that declares neither a scope nor that it is public stops the start.
import { applyDecorators, SetMetadata } from '@nestjs/common'
import { ApiExtension } from '@nestjs/swagger'
import type { Scope } from './access.js'

export const NEEDS = 'lighthouse:needs'

/**
 * `public`: anyone, without a token. `optional`: anyone, but a token that is sent must be valid, and the route shows more
 * to whoever may see it; no quota is charged. `any`: whoever has a valid token; the route checks the rest itself.
 */
export type Need = Scope | 'public' | 'optional' | 'any'

/** In force on a method, or on all methods of a controller; told in the OpenAPI document as `x-scope`. */
export const Needs = (need: Need) => applyDecorators(SetMetadata(NEEDS, need), ApiExtension('x-scope', need))
export const Public = () => Needs('public')
