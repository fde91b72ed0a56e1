// Judges objects of the Prometheus operator by the schemas that a cluster has of them, as strictly as `kubectl apply` does.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv, type ValidateFunction } from 'ajv'
import { parse } from 'yaml'
import type { Manifest } from './rendering.js'

interface Definition {
  readonly spec: {
    readonly group: string
    readonly names: { readonly kind: string }
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: object } }[]
  }
}

const ANY_CASE = '(?i)'

/** A pattern as Go writes it: that case does not matter stands in the pattern itself. */
const ofGo = Object.assign(
  (pattern: string) => new RegExp(pattern.replace(ANY_CASE, ''), pattern.includes(ANY_CASE) ? 'i' : ''),
  { code: 'ofGo' },
)

/** What is wrong with an object: nothing, or a line for each thing. */
export function operatorJudge(folder: string): (object: Manifest) => readonly string[] {
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true, code: { regExp: ofGo } })
  const judges = new Map<string, ValidateFunction>(
    readdirSync(folder).flatMap(name => {
      const { spec } = parse(readFileSync(join(folder, name), 'utf8')) as Definition
      return spec.versions.map(
        version =>
          [
            `${spec.group}/${version.name} ${spec.names.kind}`,
            ajv.compile(closed(version.schema.openAPIV3Schema) as object),
          ] as const,
      )
    }),
  )
  return object => {
    const valid = judges.get(`${object.apiVersion} ${object.kind}`)
    if (valid === undefined) return [`${object.apiVersion} ${object.kind} is not known`]
    valid(object)
    return (valid.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
  }
}

/** A cluster drops fields that a schema does not name; here each of them is a mistake. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed)
  if (typeof schema !== 'object' || schema === null) return schema
  const inner = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, closed(value)]))
  const names = inner['type'] === 'object' && inner['properties'] !== undefined
  const open = 'additionalProperties' in inner || 'x-kubernetes-preserve-unknown-fields' in inner
  return names && !open ? { ...inner, additionalProperties: false } : inner
}
