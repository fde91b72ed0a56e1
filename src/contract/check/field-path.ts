// The path of a field of an event: it has two spellings, and is followed through own properties only.
import type { RecordedEvent } from '../event.js'
import { LIMITS } from '../limits.js'
import { mustBe } from './field-checks.js'

export type FieldKind = 'id' | 'text' | 'number' | 'time' | 'list' | 'payload'

export const FIELDS = {
  id: 'id',
  position: 'number',
  stream: 'text',
  revision: 'number',
  type: 'text',
  timestamp: 'time',
  agentId: 'text',
  onBehalfOf: 'list',
  schemaVersion: 'number',
  tags: 'list',
  correlationId: 'text',
  causationId: 'text',
  sessionId: 'text',
  parents: 'list',
  occurredAt: 'time',
  traceparent: 'text',
  checksum: 'text',
  data: 'payload',
  metadata: 'payload',
} as const satisfies Partial<Record<keyof RecordedEvent, FieldKind>>

export type FieldName = keyof typeof FIELDS

export interface FieldPath {
  readonly field: FieldName
  /** Keys and indexes below `data` or `metadata`. */
  readonly keys: readonly string[]
}

export type ReadPath = { readonly path: FieldPath } | { readonly fault: string }

const INDEX = /^(0|[1-9][0-9]{0,9})$/
const BAD_ESCAPE = /~(?![01])/

/** `data.score`, or `/data/score` for keys with dots in them. */
export function readPath(text: unknown): ReadPath {
  const { pathChars, pathSegments } = LIMITS
  if (typeof text !== 'string') return { fault: mustBe('a string such as "type" or "data.score"', text) }
  if (text.length > pathChars) return { fault: `must have at most ${pathChars} characters` }
  const isPointer = text.startsWith('/')
  if (isPointer && BAD_ESCAPE.test(text)) return { fault: 'must write ~ as ~0 and / as ~1 in a JSON Pointer' }
  const [field = '', ...keys] = isPointer ? text.slice(1).split('/').map(unescaped) : text.split('.')
  if (!Object.hasOwn(FIELDS, field)) {
    return { fault: `must begin with a field of an event: ${Object.keys(FIELDS).join(', ')}` }
  }
  if (keys.length > pathSegments) return { fault: `must be at most ${pathSegments} keys deep` }
  if (!isPointer && keys.includes('')) return { fault: 'must name an empty key by a JSON Pointer such as /data/' }
  const name = field as FieldName
  if (keys.length > 0 && FIELDS[name] !== 'payload') return { fault: `must not lead into ${name}, which has no keys` }
  return { path: { field: name, keys } }
}

function unescaped(segment: string): string {
  return segment.replaceAll('~1', '/').replaceAll('~0', '~')
}

/** The value at the path; undefined when there is none. */
export function valueAt(event: Partial<Readonly<Record<FieldName, unknown>>>, { field, keys }: FieldPath): unknown {
  let value: unknown = event[field]
  for (let i = 0; i < keys.length && value !== undefined; i++) value = under(value, keys[i] as string)
  return value
}

function under(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  if (Array.isArray(value)) return INDEX.test(key) ? value[Number(key)] : undefined
  return Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined
}
