// What docs/openapi.json says of every route, as good requests to begin with: its path, parameters and a body of its examples.
import { readFileSync } from 'node:fs'

interface Schema {
  readonly $ref?: string
  readonly example?: unknown
  readonly examples?: readonly unknown[]
  readonly enum?: readonly unknown[]
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly allOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly anyOf?: readonly Schema[]
  readonly minimum?: number
}

interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly example?: unknown
  readonly schema?: Schema
}

interface Operation {
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

export interface Sample {
  readonly method: string
  readonly path: string
  readonly parameters: readonly { readonly name: string; readonly in: Parameter['in']; readonly example: unknown }[]
  /** Undefined where the route takes none. */
  readonly body: unknown
}

export function samplesOf(path = 'docs/openapi.json'): readonly Sample[] {
  const document = JSON.parse(readFileSync(path, 'utf8')) as Document
  return Object.entries(document.paths).flatMap(([route, operations]) =>
    Object.entries(operations).map(([method, { parameters = [], requestBody }]) => {
      const schema = requestBody?.content['application/json']?.schema
      return {
        method: method.toUpperCase(),
        path: route,
        parameters: parameters.map(({ name, in: where, example, schema: shape }) => {
          return { name, in: where, example: example ?? exampleOf(shape, document) }
        }),
        body: schema === undefined ? undefined : exampleOf(schema, document),
      }
    }),
  )
}

/** Deep enough for every body there is; a schema that holds itself ends there. */
const DEEPEST = 8

function exampleOf(schema: Schema | undefined, document: Document, depth = 0): unknown {
  if (schema === undefined || depth > DEEPEST) return 'x'
  const { $ref, example, examples, properties, items, allOf, oneOf, anyOf } = schema
  if (example !== undefined) return example
  if (examples?.[0] !== undefined) return examples[0]
  if (schema.enum?.[0] !== undefined) return schema.enum[0]
  const within = (one: Schema | undefined) => exampleOf(one, document, depth + 1)
  if ($ref !== undefined) return within(document.components.schemas[$ref.slice($ref.lastIndexOf('/') + 1)])
  if (allOf !== undefined) return within(allOf[0])
  const choice = (oneOf ?? anyOf)?.[0]
  if (choice !== undefined) return within(choice)
  if (properties !== undefined)
    return Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, within(one)]))
  if (items !== undefined) return [within(items)]
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type
  if (type === 'integer' || type === 'number') return schema.minimum ?? 1
  return type === 'boolean' ? true : type === 'object' ? {} : type === 'array' ? [] : 'x'
}
