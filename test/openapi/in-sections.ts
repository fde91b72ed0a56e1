// Puts the operations of the OpenAPI document into the sections of its page, and fills in what they begin with.
import type { OpenAPIObject } from '@nestjs/swagger'
import { type FilledIn, SECTIONS } from './sections.js'

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>
type Parameter = Exclude<NonNullable<Operation['parameters']>[number], { $ref: string }>
type Schema = Exclude<NonNullable<Parameter['schema']>, { $ref: string }>

export const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const

const placed = SECTIONS.flatMap(({ tag, operations }) =>
  Object.entries(operations).map(([id, filledIn], index) => ({ id, filledIn, tag, order: index + 1 })),
)
const placeOf = (operation: Operation | undefined) => placed.findIndex(({ id }) => id === operation?.operationId)

/** An operation that no section names is left as it is; a test says which. */
export function inSections(document: OpenAPIObject): OpenAPIObject {
  const items = Object.entries(document.paths).map(([path, item]) => {
    const methods = METHODS.filter(method => item[method] !== undefined)
    const operations = methods.toSorted((a, b) => placeOf(item[a]) - placeOf(item[b]))
    for (const method of operations) fillIn(item[method] as Operation)
    return [path, Object.fromEntries(operations.map(method => [method, item[method] as Operation]))] as const
  })
  const firstOf = (item: Readonly<Record<string, Operation>>) => placeOf(Object.values(item)[0])
  const tags = SECTIONS.map(({ tag, description }) => ({ name: tag, description }))
  return { ...document, tags, paths: Object.fromEntries(items.toSorted(([, a], [, b]) => firstOf(a) - firstOf(b))) }
}

function fillIn(operation: Operation): void {
  const place = placed[placeOf(operation)]
  if (place === undefined) return
  const { tag, order, filledIn } = place
  // One path holds operations of several places, so the order of the document cannot be that of the page.
  Object.assign(operation, { tags: [tag], 'x-order': order })
  operation.parameters = (operation.parameters as Parameter[]).map(parameter => withValue(parameter, filledIn))
  const content = (operation.requestBody as { readonly content?: Record<string, { example?: unknown }> })?.content
  const json = content?.['application/json']
  if (json !== undefined && filledIn.body !== undefined) json.example = filledIn.body
  if (filledIn.links !== undefined) link(operation, filledIn.links)
}

/** Swagger UI fills in every `example`. What may be left out is only told of, by the `examples` of its schema. */
function withValue(parameter: Parameter, { path = {}, query = {} }: FilledIn): Parameter {
  const { example: told, ...others } = parameter
  const { example = told, ...schema } = parameter.schema as Schema
  if (parameter.in === 'path') return { ...others, schema, example: path[parameter.name] ?? example }
  const examples = example === undefined ? undefined : { examples: [example] }
  const filled = parameter.name in query ? { example: query[parameter.name] } : undefined
  return { ...others, schema: { ...schema, ...examples }, ...filled }
}

function link(operation: Operation, links: NonNullable<FilledIn['links']>): void {
  const described = Object.entries(links).map(([operationId, { path, body }]) => {
    return [operationId, { operationId, parameters: path, requestBody: body }] as const
  })
  for (const [status, response] of Object.entries(operation.responses))
    if (Number(status) < 300) Object.assign(response as object, { links: Object.fromEntries(described) })
}
