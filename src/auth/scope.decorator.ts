// What a route asks of its caller. A route that declares neither a scope nor that it is public stops the start.
import { applyDecorators, SetMetadata } from '@nestjs/common'
import { ApiExtension } from '@nestjs/swagger'
import type { Scope } from './access.js'

export const NEEDS = 'lighthouse:needs'

/** `public`: anyone, without a token. `any`: whoever has a valid token; the route checks the rest itself. */
export type Need = Scope | 'public' | 'any'

/** In force on a method, or on all methods of a controller; told in the OpenAPI document as `x-scope`. */
export const Needs = (need: Need) => applyDecorators(SetMetadata(NEEDS, need), ApiExtension('x-scope', need))
export const Public = () => Needs('public')
