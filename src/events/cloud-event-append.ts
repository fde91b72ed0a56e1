// Turns CloudEvents (structured, batched or binary) into appends, and findings back into attribute names. Pure.
import { hash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { type AppendBody, type AppendInput, batchAppend, singleAppend } from '../appending/append-body.js'
import { FieldFindings, pointerSegment } from '../contract/check/field-findings.js'
import { appendBody, CloudEventsBody, PackedBody, unsupported } from '../wire/body.js'
import { attributesIn } from '../wire/cloud-events/cloud-event-headers.js'
import { type ReadCloudEvent, readCloudEvent } from './cloud-event-fields.js'

/** The append of `POST /v1/events`, from an event of ours or a CloudEvent. Throws UNSUPPORTED_MEDIA_TYPE. */
export function singleAppendOf({ body, headers }: FastifyRequest): AppendBody {
  if (body instanceof CloudEventsBody) {
    if (body.isBatch) throw unsupported('a batch here; POST it to /v1/events/batch')
    return single(body.value, pointerSegment)
  }
  if (headers['ce-specversion'] === undefined) return singleAppend(appendBody(body))
  if (body instanceof PackedBody) throw unsupported('CloudEvents in binary mode whose data is not JSON')
  return single({ ...attributesIn(headers), data: body }, name => (name === 'data' ? '' : pointerSegment(`ce-${name}`)))
}

/** The append of `POST /v1/events/batch`. Throws UNSUPPORTED_MEDIA_TYPE. */
export function batchAppendOf({ body }: FastifyRequest): AppendBody {
  if (!(body instanceof CloudEventsBody)) return batchAppend(appendBody(body))
  if (!body.isBatch) throw unsupported('a single CloudEvent here; POST it to /v1/events')
  const findings = new FieldFindings()
  if (!Array.isArray(body.value)) findings.add('INVALID_REQUEST', '', 'must be an array of CloudEvents')
  const given = Array.isArray(body.value) ? body.value : []
  const read = given.map((event, i) => readCloudEvent(event, name => `/${i}${pointerSegment(name)}`, findings))
  findings.settle()
  return appendOf(read, of => {
    const [, , index = '', ...rest] = of.split('/')
    return index === '' ? '' : `/${index}${inAttributes(rest, pointerSegment)}`
  })
}

function single(given: unknown, at: (name: string) => string): AppendBody {
  const findings = new FieldFindings()
  const read = readCloudEvent(given, at, findings)
  findings.settle()
  return appendOf([read], of => inAttributes(of.split('/').slice(3), at))
}

function appendOf(read: readonly (ReadCloudEvent | undefined)[], pointer: AppendBody['pointer']): AppendBody {
  const whole = read.filter(event => event !== undefined)
  const identities = JSON.stringify(whole.map(({ source, id }) => [source, id]))
  const key = `cloudevent:${hash('sha256', identities, 'base64url')}`
  const asked = { events: whole.map(({ event }) => event) } as unknown as AppendInput
  return { asked, pointer, ...(whole.length > 0 ? { key } : undefined) }
}

const ATTRIBUTES: Readonly<Record<string, string>> = { occurredAt: 'time', schemaVersion: 'schemaversion' }
/** These fields travel as JSON in one attribute, so a pointer into them ends at the attribute. */
const TEXTS: ReadonlySet<string> = new Set(['tags', 'parents', 'metadata'])

/** `/correlationId` of an event becomes `/correlationid` of its attributes; a path inside `data` is kept. */
function inAttributes([field, ...rest]: readonly string[], at: (name: string) => string): string {
  if (field === undefined) return ''
  const where = at(ATTRIBUTES[field] ?? field.toLowerCase())
  return TEXTS.has(field) || rest.length === 0 ? where : `${where}/${rest.join('/')}`
}
