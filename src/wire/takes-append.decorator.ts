// Marks the routes whose JSON bodies are appends, and tells them from all others.
import { RouteConfig } from '@nestjs/platform-fastify'
import type { FastifyRequest } from 'fastify'

declare module 'fastify' {
  interface FastifyContextConfig {
    takesAppend?: true
  }
}

/** The payloads in a body of this route are wanted as they are stored, never as values. */
export function TakesAppend(): MethodDecorator {
  return RouteConfig({ takesAppend: true })
}

export function takesAppend(request: FastifyRequest): boolean {
  return request.routeOptions.config.takesAppend === true
}
