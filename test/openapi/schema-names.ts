// The names of schemas in the documents of the API: those of their classes, without what only the code needs.
import type { OpenAPIObject } from '@nestjs/swagger'

/** Throws where two classes would share a name. */
export function withShortNames(document: OpenAPIObject): OpenAPIObject {
  const { schemas = {} } = document.components ?? {}
  const entries = Object.entries(schemas).map(([name, schema]) => [shortName(name), schema] as const)
  const names = entries.map(([name]) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new Error(`two classes would be called ${twice} in the document: rename one of them`)
  const renamed = { ...document, components: { ...document.components, schemas: Object.fromEntries(entries) } }
  const shortened = (key: string, value: unknown) => (key === '$ref' ? shortName(String(value)) : value)
  return JSON.parse(JSON.stringify(renamed, shortened)) as OpenAPIObject
}

function shortName(name: string): string {
  return name.replace(/(Dto|Body)$/, '')
}
