// Collects what each route of the application needs, and refuses to start when a route does not declare it.
import { type INestApplicationContext, RequestMethod } from '@nestjs/common'
import { MetadataScanner, ModulesContainer } from '@nestjs/core'
import { NEEDS, type Need } from './scope.decorator.js'

interface DeclaredRoute {
  readonly handler: string
  readonly keys: readonly string[]
  readonly need: Need | undefined
}

const pathsOf = (target: object): string[] => [Reflect.getMetadata('path', target) ?? ''].flat()

/** Routes that need no token, by key; `optional` ones still verify a token that is sent. */
export type OpenRoutes = ReadonlyMap<string, 'public' | 'optional'>

export function openRoutes(app: INestApplicationContext): OpenRoutes {
  const found = new Map<string, 'public' | 'optional'>()
  for (const { keys, need } of declaredRoutes(app)) {
    if (need === 'public' || need === 'optional') for (const key of keys) found.set(key, need)
  }
  return found
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
