// Chooses the form of an answer by the Accept header, tags it, and writes plain values in that form.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { StoreError } from '../contract/errors.js'
import { encodeMessagePack } from '../record/codec/writer.js'

export type Form = 'json' | 'msgpack' | 'ndjson' | 'sse' | 'cloudevent' | 'cloudevents'

export const contentTypes: Readonly<Record<Form, string>> = {
  json: 'application/json; charset=utf-8',
  msgpack: 'application/msgpack',
  ndjson: 'application/x-ndjson',
  sse: 'text/event-stream',
  cloudevent: 'application/cloudevents+json; charset=utf-8',
  cloudevents: 'application/cloudevents-batch+json; charset=utf-8',
}

/** What an answer of `/v1` depends on besides its address: its form on one header, who may read it on the other. */
export const VARY = 'Accept, Origin'

/** All media types by which a client may ask for a form; the first one is the name that is shown. */
const namesOf: Readonly<Record<Form, readonly string[]>> = {
  json: ['application/json'],
  msgpack: ['application/msgpack', 'application/x-msgpack', 'application/vnd.msgpack'],
  ndjson: ['application/x-ndjson', 'application/ndjson'],
  sse: ['text/event-stream'],
  cloudevent: ['application/cloudevents+json'],
  cloudevents: ['application/cloudevents-batch+json'],
}

export const PLAIN_FORMS = ['json', 'msgpack'] as const
export type PlainForm = (typeof PLAIN_FORMS)[number]
/** A longer header is not parsed and states no preference. */
const ACCEPT_CHARS_MAX = 1_000

/** The best of the offered forms, or the first when the request states no preference. Throws NOT_ACCEPTABLE. */
export function formOf<F extends Form>(accept: string | undefined, offered: readonly F[]): F {
  const first = offered[0] as F
  if (accept === undefined || accept === '*/*' || accept === '') return first
  for (const form of offered) if (accept === namesOf[form][0]) return form
  const ranges = rangesOf(accept)
  // A header without a valid media range states no preference.
  if (ranges.length === 0) return first
  let best: F | undefined
  let bestWish = 0
  for (const form of offered) {
    const wish = wishFor(form, ranges)
    if (wish > bestWish) {
      best = form
      bestWish = wish
    }
  }
  if (best !== undefined) return best
  const types = offered.map(form => namesOf[form][0]).join(', ')
  throw new StoreError('NOT_ACCEPTABLE', `The answer is given as ${types}, and the Accept header takes none of them.`)
}

interface Range {
  readonly type: string
  readonly wish: number
}

function rangesOf(accept: string): Range[] {
  if (accept.length > ACCEPT_CHARS_MAX) return []
  const ranges: Range[] = []
  for (const part of accept.split(',')) {
    const [type = '', ...parameters] = part.split(';').map(text => text.trim().toLowerCase())
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+\/[!#$%&'*+.^_`|~0-9a-z-]+$/.test(type)) continue
    ranges.push({ type, wish: wishOf(parameters) })
  }
  return ranges
}

function wishOf(parameters: readonly string[]): number {
  const given = parameters.find(text => text.startsWith('q='))
  if (given === undefined) return 1
  const wish = given === 'q=' ? Number.NaN : Number(given.slice(2))
  return wish >= 0 && wish <= 1 ? wish : 1
}

/** The most specific range decides, as RFC 9110 says: the type itself, then `type/*`, then any type. */
function wishFor(form: Form, ranges: readonly Range[]): number {
  const names = namesOf[form]
  const family = `${(names[0] as string).split('/')[0]}/*`
  const wishOfType = (matches: (type: string) => boolean) => {
    const found = ranges.filter(({ type }) => matches(type))
    return found.length === 0 ? undefined : Math.max(...found.map(({ wish }) => wish))
  }
  return (
    wishOfType(type => names.includes(type)) ??
    wishOfType(type => type === family) ??
    wishOfType(type => type === '*/*') ??
    0
  )
}

/**
 * The entity tag of a state in a form. Each form has its own: a cache may ask with the tag of one form it keeps while its
 * reader accepts another, and a 304 would have it serve the wrong one.
 */
export function entityTag(state: string | number, form: Form): string {
  return form === 'json' ? `"${state}"` : `"${state}-${form}"`
}

/** Whether If-None-Match names this tag. HTTP allows any list of tags here, weak ones included. */
export function isUnchanged(noneMatch: string | undefined, own: string): boolean {
  if (noneMatch === undefined) return false
  return noneMatch.split(',').some(tag => {
    const given = tag.trim()
    return given === '*' || given === own || given === `W/${own}`
  })
}

export function encoded(value: unknown, form: PlainForm): string | Buffer {
  return form === 'json' ? JSON.stringify(value) : encodeMessagePack(value)
}

/** Encodes the value in the form the request accepts, and sets the headers for it. Throws NOT_ACCEPTABLE. */
export function sendValue(request: FastifyRequest, reply: FastifyReply, value: unknown): string | Buffer {
  const form = formOf(request.headers.accept, PLAIN_FORMS)
  void reply.header('content-type', contentTypes[form])
  void reply.header('vary', VARY)
  return encoded(value, form)
}
