// Collects what each route of the application needs, and refuses to start when a route does not declare it.
import { type INestApplicationContext, RequestMethod } from '@nestjs/common'
import { MetadataScanner, ModulesContainer } from '@nestjs/core'
import { NEEDS, type Need, TAKES_TICKETS } from './scope.decorator.js'

/** Where the description of a route for OpenAPI is kept. */
const OPERATION = 'swagger/apiOperation'

interface DeclaredRoute {
  readonly handler: string
  readonly keys: readonly string[]
  readonly need: Need | undefined
  readonly takesTickets: boolean
  /** The name of the route in generated clients. */
  readonly operationId: string | undefined
}

const pathsOf = (target: object): string[] => [Reflect.getMetadata('path', target) ?? ''].flat()

/**
 * How a route may be entered without the header of a token: `public` ones need none, `optional` ones still verify a
 * token that is sent, and `ticket` ones take a ticket in its place.
 */
export type Entry = 'public' | 'optional' | 'ticket'

/** By key; a route that is not among them needs a token. */
export type OpenRoutes = ReadonlyMap<string, Entry>

export function openRoutes(app: INestApplicationContext): OpenRoutes {
  const found = new Map<string, Entry>()
  for (const route of declaredRoutes(app)) {
    const entry = entryOf(route)
    if (entry !== undefined) for (const key of route.keys) found.set(key, entry)
  }
  return found
}

/** The names of the routes that change something about the service, by key. */
export function adminRoutes(app: INestApplicationContext): ReadonlyMap<string, string> {
  const changing = declaredRoutes(app).filter(({ need }) => need === 'admin.write')
  return new Map(changing.flatMap(({ keys, handler, operationId }) => keys.map(key => [key, operationId ?? handler])))
}

function entryOf({ need, takesTickets }: DeclaredRoute): Entry | undefined {
  if (need === 'public' || need === 'optional') return need
  return takesTickets ? 'ticket' : undefined
}

export function assertEveryRouteDeclares(app: INestApplicationContext): void {
  const silent = declaredRoutes(app).filter(({ need }) => need === undefined)
  if (silent.length === 0) return
  throw new Error(`Routes that do not declare what they need: ${silent.map(({ handler }) => handler).join(', ')}`)
}

function declaredRoutes(app: INestApplicationContext): DeclaredRoute[] {
  const scanner = new MetadataScanner()
  const found: DeclaredRoute[] = []
  for (const module of app.get(ModulesContainer).values()) {
    for (const { metatype } of module.controllers.values()) {
      if (typeof metatype !== 'function') continue
      for (const name of scanner.getAllMethodNames(metatype.prototype)) {
        const handler = metatype.prototype[name] as object
        const method: RequestMethod | undefined = Reflect.getMetadata('method', handler)
        if (method === undefined) continue
        found.push({
          handler: `${metatype.name}.${name}`,
          keys: pathsOf(metatype).flatMap(base =>
            pathsOf(handler).map(path => routeKey(RequestMethod[method], `${base}/${path}`)),
          ),
          need: Reflect.getMetadata(NEEDS, handler) ?? Reflect.getMetadata(NEEDS, metatype),
          takesTickets: Reflect.getMetadata(TAKES_TICKETS, handler) === true,
          operationId: Reflect.getMetadata(OPERATION, handler)?.operationId,
        })
      }
    }
  }
  return found
}

export function routeKey(method: string, path: string): string {
  const parts = path.split('/').filter(part => part !== '')
  return `${method === 'HEAD' ? 'GET' : method} /${parts.join('/')}`
}
