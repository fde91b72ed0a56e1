// Clients of the stream that send odd frames: before they have said who they are and after, in both protocols, whole and in pieces.
import { Packr } from 'msgpackr'
import { handshakeBytes } from '../support/raw-stream.js'
import type { Odd } from './odd.js'
import { goodToken, oddToken } from './odd-tokens.js'

export interface OddStream {
  readonly form: 'json' | 'msgpack'
  readonly handshake: Buffer
  /** Frames as they go over the wire. */
  readonly frames: readonly Buffer[]
  /** What each of them says. */
  readonly said: readonly Buffer[]
}

const packr = new Packr({ useRecords: false })
const EVENT = { type: 'task.completed', stream: 'agent_fuzz', data: { a: 1 }, tags: ['t'], metadata: { m: 1 } }
const FILTER = {
  streams: ['agent_*'],
  types: ['task.*'],
  tags: ['t'],
  agents: ['a'],
  correlationId: 'c',
  sessionId: 's',
}
const FRAMES: readonly object[] = [
  { type: 'subscribe', id: 's', filter: FILTER, after: 0 },
  { type: 'subscribe', id: 's2', after: 'start' },
  { type: 'unsubscribe', id: 's' },
  {
    type: 'append',
    id: 'a',
    events: [EVENT],
    expectations: [{ stream: 'agent_fuzz', expectedRevision: 'any' }],
    key: 'k',
  },
  {
    type: 'append',
    id: 'b',
    events: [EVENT],
    condition: { failIfEventsMatch: { items: [{ types: ['x'], tags: ['t'] }] } },
  },
  { type: 'consume', id: 'c', subscription: 'builders', maxInFlight: 10 },
  { type: 'ack', id: 'd', subscription: 'builders', tokens: ['1.1'] },
  { type: 'nack', id: 'e', subscription: 'builders', tokens: ['1.1'], action: 'retry', delaySeconds: 1, reason: 'r' },
  { type: 'ping' },
]

export function oddStream(odd: Odd): OddStream {
  const { random } = odd
  const form = random.chance(0.7) ? 'json' : 'msgpack'
  const stranger = random.chance(0.35)
  const token = random.chance(0.3) ? oddToken(odd) : goodToken()
  const plain = {
    ...(stranger ? {} : { Authorization: `Bearer ${token}` }),
    'Sec-WebSocket-Protocol': `lighthouse.v1.${form}`,
  }
  const said = Array.from({ length: random.between(1, 6) }, (_, n) => {
    const auth = { type: 'auth', token: random.chance(0.5) ? token : odd.text() }
    const frame = stranger && n === 0 && !random.chance(0.2) ? auth : random.pick(FRAMES)
    return payloadOf(odd, frame, form)
  })
  const frames = said.map(payload => {
    const text = random.chance(0.02) ? form !== 'json' : form === 'json'
    return random.chance(0.1) ? inPieces(odd, payload, text) : wsFrame(payload, text ? 1 : 2)
  })
  return {
    form,
    handshake: handshakeBytes({ headers: random.chance(0.1) ? { ...plain, ...oddHeaders(odd) } : plain }),
    frames,
    said,
  }
}

function oddHeaders(odd: Odd): Record<string, string> {
  const name = odd.random.pick(['X-Correlation-Id', 'traceparent', 'Origin', 'Sec-WebSocket-Protocol', 'Cookie'])
  return { [name]: odd.text(200).replace(/[^\P{Cc}\t]/gu, '?') }
}

function payloadOf(odd: Odd, frame: object, form: OddStream['form']): Buffer {
  const { random } = odd
  let value: unknown = frame
  for (let n = random.below(3); n > 0; n--) value = odd.changed(value)
  // A field that nobody knows is told to whoever sent it, by its name.
  if (random.chance(0.25) && typeof value === 'object') value = { ...value, [odd.text()]: 1 }
  if (form === 'json') return odd.json(value)
  const bytes = packr.pack(value)
  return random.chance(0.1) ? odd.spoilt(bytes) : bytes
}

/** Masked with zeros, which costs nothing to do. */
function wsFrame(payload: Buffer, opcode: number, fin = true): Buffer {
  const { length } = payload
  const head = Buffer.alloc(length < 126 ? 6 : length < 65_536 ? 8 : 14)
  head[0] = (fin ? 0x80 : 0) | opcode
  head[1] = 0x80 | (length < 126 ? length : length < 65_536 ? 126 : 127)
  if (length >= 65_536) head.writeBigUInt64BE(BigInt(length), 2)
  else if (length >= 126) head.writeUInt16BE(length, 2)
  return Buffer.concat([head, payload])
}

function inPieces(odd: Odd, payload: Buffer, text: boolean): Buffer {
  const { random } = odd
  const cuts = Array.from({ length: random.between(1, 4) }, () => random.below(payload.length + 1)).sort(
    (a, b) => a - b,
  )
  const bounds = [0, ...cuts, payload.length]
  const pieces = bounds.slice(1).map((end, n) => {
    const last = n === bounds.length - 2
    return wsFrame(payload.subarray(bounds[n], end), n > 0 ? 0 : text ? 1 : 2, last)
  })
  return Buffer.concat(pieces)
}

/** Asks for an answer behind everything else: the server has read it all when it comes. */
export function pingOf(form: OddStream['form']): Buffer {
  return form === 'json' ? wsFrame(Buffer.from('{"type":"ping"}'), 1) : wsFrame(packr.pack({ type: 'ping' }), 2)
}
