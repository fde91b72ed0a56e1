// Requests to every route there is, good ones with something odd in them: path, query, headers, token or body.
import { Packr } from 'msgpackr'
import type { Odd } from './odd.js'
import { goodToken, oddToken } from './odd-tokens.js'
import type { Sample } from './samples.js'

const HEADERS = [
  ...['Idempotency-Key', 'If-Match', 'If-None-Match', 'Last-Event-ID', 'traceparent', 'X-Correlation-Id', 'Accept'],
  ...['Content-Type', 'Lighthouse-At-Least', 'ce-id', 'ce-source', 'ce-type', 'ce-specversion', 'ce-time', 'Range'],
  ...['Expect', 'Accept-Encoding', 'Content-Encoding', 'Origin', 'Host', 'Upgrade', 'Transfer-Encoding', 'Cookie'],
]
const KINDS = [
  ...['application/json', 'application/msgpack', 'application/x-ndjson', 'text/event-stream', '*/*', 'text/plain'],
  ...['application/cloudevents+json', 'application/cloudevents-batch+json', 'application/json; charset=utf-16'],
]
/** Answers that are waited for as long as they were asked to be would be all that is ever seen. */
const PATIENT = new Set(['timeout', 'wait'])
const packr = new Packr({ useRecords: false })

export interface OddRequest {
  readonly route: string
  readonly bytes: Buffer
}

export function oddRequest(odd: Odd, samples: readonly Sample[]): OddRequest {
  const { random } = odd
  const sample = random.pick(samples)
  const method = random.chance(0.03)
    ? random.pick(['PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'QUERY'])
    : sample.method
  const headers: [string, string][] = [
    ['Host', 'lighthouse'],
    ['Connection', 'close'],
  ]
  const token = random.chance(0.25) ? oddToken(odd) : goodToken()
  if (!random.chance(0.03)) headers.push(['Authorization', `${random.chance(0.97) ? 'Bearer ' : odd.text(9)}${token}`])
  if (random.chance(0.02)) headers.push(['Authorization', odd.text()])
  for (const { name, in: where, example } of sample.parameters) {
    if (where === 'header' && random.chance(0.5))
      headers.push([name, random.chance(0.4) ? String(example) : odd.text()])
  }
  for (const name of HEADERS) if (random.chance(0.03)) headers.push([name, odd.text()])
  if (random.chance(0.3)) headers.push(['Accept', random.pick(KINDS)])
  const body = bodyOf(odd, sample)
  if (body !== undefined) headers.push(['Content-Type', body.type], ['Content-Length', String(body.bytes.length)])
  const lines = headers.map(([name, value]) => `${name}: ${oneLine(value)}\r\n`)
  const head = Buffer.from(`${method} ${targetOf(odd, sample)} HTTP/1.1\r\n${lines.join('')}\r\n`)
  return {
    route: `${sample.method} ${sample.path}`,
    bytes: body === undefined ? head : Buffer.concat([head, body.bytes]),
  }
}

function bodyOf(odd: Odd, { body, method }: Sample): { readonly type: string; readonly bytes: Buffer } | undefined {
  const { random } = odd
  if (body === undefined && (method === 'GET' || random.chance(0.8))) return undefined
  let value = body ?? {}
  for (let n = random.below(4); n > 0; n--) value = odd.changed(value) as object
  if (random.chance(0.25)) {
    const bytes = packr.pack(value)
    return { type: 'application/msgpack', bytes: random.chance(0.2) ? odd.spoilt(bytes) : bytes }
  }
  return { type: random.chance(0.05) ? random.pick(KINDS) : 'application/json', bytes: odd.json(value) }
}

function targetOf(odd: Odd, { path, parameters }: Sample): string {
  const { random } = odd
  const shown = (example: unknown) => (random.chance(0.5) ? odd.text() : String(example))
  const named = path.replace(/\{(\w+)\}/g, (_all, name: string) => {
    const example = parameters.find(one => one.name === name)?.example ?? 'x'
    return random.chance(0.03) ? oneLine(shown(example)).replaceAll(' ', '') : percent(shown(example))
  })
  const pairs = parameters.flatMap(({ name, in: where, example }) => {
    if (where !== 'query' || random.chance(0.7)) return []
    if (PATIENT.has(name)) return [`${name}=${random.pick(['0', '1', '-1', '51', 'x'])}`]
    const values = [example].flat().map(shown)
    return (random.chance(0.05) ? Array<string>(random.pick([2, 100, 101])).fill(values[0] ?? '') : values).map(
      value => `${name}=${percent(value)}`,
    )
  })
  if (random.chance(0.05)) pairs.push(`${percent(odd.text(20))}=${percent(odd.text())}`)
  // A wait of which nothing is said lasts as long as the route likes.
  if (path.endsWith('/wait') && !pairs.some(pair => pair.startsWith('timeout='))) pairs.push('timeout=0')
  return pairs.length === 0 ? named : `${named}?${pairs.join('&')}`
}

function percent(text: string): string {
  return Buffer.from(text).reduce((said, byte) => {
    const letter = String.fromCharCode(byte)
    return said + (/[A-Za-z0-9_.~-]/.test(letter) ? letter : `%${byte.toString(16).padStart(2, '0')}`)
  }, '')
}

/** What would end a header says something else instead. */
function oneLine(text: string): string {
  return text.replace(/[^\P{Cc}\t]/gu, '?')
}
