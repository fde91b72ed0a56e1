// What the page of the API shows of docs/openapi.json: operations in its order, with the values that Swagger UI fills in.
import { readFileSync } from 'node:fs'
import type { Followed, Link } from '../../src/api-docs/in-browser.js'

interface Schema {
  readonly example?: unknown
  readonly default?: unknown
}

export interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly description?: string
  readonly required?: boolean
  readonly example?: unknown
  readonly schema: Schema
}

interface Media {
  readonly example?: unknown
}

export interface Answer {
  readonly $ref?: string
  readonly description?: string
  readonly content?: Readonly<Record<string, Media>>
  readonly links?: Readonly<Record<string, Link>>
}

export interface Operation {
  readonly operationId: string
  readonly tags?: readonly string[]
  readonly summary?: string
  readonly description?: string
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> }
  readonly responses: Readonly<Record<string, Answer>>
  readonly 'x-order'?: number
}

export interface ApiDocument {
  readonly openapi: string
  readonly tags: readonly { readonly name: string; readonly description?: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: {
    readonly responses: Readonly<Record<string, Answer>>
    readonly schemas: Readonly<Record<string, object>>
  }
}

export interface Button {
  readonly method: string
  readonly path: string
  readonly operation: Operation
}

export function readDocument(): ApiDocument {
  return JSON.parse(readFileSync('docs/openapi.json', 'utf8')) as ApiDocument
}

/** Every operation, as the page lists them: by tag, and under a tag in the order that the document says. */
export function buttonsOf({ tags, paths }: ApiDocument): readonly Button[] {
  const all = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ method, path, operation })),
  )
  const place = ({ operation }: Button) => tags.findIndex(({ name }) => name === operation.tags?.[0])
  const order = ({ operation }: Button) => operation['x-order'] ?? 0
  return all.toSorted((a, b) => place(a) - place(b) || order(a) - order(b))
}

/** The request that the button sends when nobody touches its fields. */
export function requestOf({ method, path, operation }: Button, followed?: Followed) {
  const headers: Record<string, string> = {}
  const query = new URLSearchParams()
  let address = path
  for (const { name, in: place, example, schema } of operation.parameters ?? []) {
    const value = followed?.parameters[name] ?? example ?? schema.example ?? schema.default
    if (value === undefined) continue
    if (place === 'path') address = address.replace(`{${name}}`, encodeURIComponent(String(value)))
    else if (place === 'header') headers[name] = String(value)
    else for (const one of [value].flat()) query.append(name, String(one))
  }
  const json = operation.requestBody?.content['application/json']
  const body = json === undefined ? undefined : (followed?.body ?? json.example)
  const [accept = '*/*'] = Object.keys(firstGood(operation)?.content ?? {})
  if (json !== undefined) headers['content-type'] = 'application/json'
  return {
    address: query.size === 0 ? address : `${address}?${query}`,
    method: method.toUpperCase(),
    headers: { accept, ...headers },
    ...(json === undefined ? undefined : { body: JSON.stringify(body) }),
  }
}

function firstGood({ responses }: Operation): Answer | undefined {
  return Object.entries(responses).find(([status]) => status.startsWith('2'))?.[1]
}
