// Ways in which a client of the stream can misbehave, each with what makes a fresh one and how it must end.
import { FRAME_LIMITS } from '../../src/streaming/frame-limits.js'
import type { Random } from '../support/random.js'
import { binary, frameBytes, type Handshake, handshakeBytes, OPCODE, text } from '../support/raw-stream.js'

/** A close code; an HTTP status of a refused handshake; `answered`: by a frame, and the connection goes on. */
export type End = number | 'answered' | 'cut'

export interface Hostility {
  readonly ends: readonly End[]
  /** Frames behind a good handshake. */
  readonly frames?: (random: Random) => readonly Uint8Array[]
  /** Instead of a good handshake. */
  readonly handshake?: (random: Random, good: Readonly<Record<string, string>>) => Uint8Array
  readonly form?: 'json' | 'msgpack'
  /** Without a token. */
  readonly stranger?: boolean
}

const says = (make: (random: Random) => string | Uint8Array, ...ends: End[]): Hostility => ({
  ends,
  frames: random => [text(make(random))],
})
const json = (make: (random: Random) => unknown, ...ends: End[]) =>
  says(random => JSON.stringify(make(random)), ...ends)
const packs = (make: (random: Random) => Uint8Array, ...ends: End[]): Hostility => ({
  ends,
  form: 'msgpack' as const,
  frames: random => [binary(make(random))],
})
const speaks = (make: (random: Random) => readonly Uint8Array[], ...ends: End[]): Hostility => ({ ends, frames: make })
const shakes = (make: (random: Random) => Partial<Handshake>, ...ends: End[]): Hostility => ({
  ends,
  handshake: (random, good) => {
    const { headers, ...rest } = make(random)
    return handshakeBytes({ headers: { ...good, ...headers }, ...rest })
  },
})

const hex = (random: Random, length: number) => Buffer.from(random.bytes(length)).toString('hex')
const START = { type: 'subscribe', id: 's' }
const pick = <T>(random: Random, from: readonly T[]): T => from[random.below(from.length)] as T
const EVENT = { type: 'T', stream: 'load', data: {} }

export const HOSTILE: Readonly<Record<string, Hostility>> = {
  'text that is no JSON': says(random => `{"type":${hex(random, 20)}`, 4400),
  'JSON that is no object': says(random => pick(random, ['[]', '1', 'null', '"a"', 'true', '[{"type":"ping"}]']), 4400),
  'an empty text': says(() => '', 4400),
  'half a frame': says(random => JSON.stringify(START).slice(0, 1 + random.below(25)), 4400),
  'two frames in one': says(() => '{"type":"ping"}{"type":"ping"}', 4400),
  'no type': json(() => ({ id: 's' }), 4400),
  'a type that is none': json(
    random => ({ type: pick(random, ['', 'PING', 'event', 'toString', '__proto__', 'constructor', 'welcome']) }),
    4400,
  ),
  'a type that is no text': json(random => ({ type: pick<unknown>(random, [1, null, {}, [], ['ping'], true]) }), 4400),
  'deep arrays': says(random => '['.repeat(100 + random.below(100_000)), 4400),
  'deep objects': says(random => '{"type":'.repeat(100 + random.below(20_000)), 4400),
  'a key that stands twice': says(() => '{"type":"ping","type":"ping"}', 4400),
  'a byte order mark': says(() => '\ufeff{"type":"ping"}', 4400),
  'an unknown field': json(random => ({ ...START, [`f${random.below(9)}`]: 1 }), 4400),
  'fields of prototypes': says(() => '{"type":"subscribe","id":"s","__proto__":{"filter":{}}}', 4400),
  'no id': json(random => ({ type: pick(random, ['subscribe', 'unsubscribe', 'append']) }), 4400),
  'an id that is no text': json(random => ({ ...START, id: pick<unknown>(random, [1, {}, [], true, 1e99]) }), 4400),
  'an id too long': json(random => ({ ...START, id: 'x'.repeat(65 + random.below(10_000)) }), 4400),
  'a filter that is none': json(
    random => ({
      ...START,
      filter: pick<unknown>(random, [1, 'all', [], { streams: 'a' }, { colour: 1 }, { tags: [1] }]),
    }),
    4400,
  ),
  'a filter of too many': json(() => ({ ...START, filter: { types: new Array(101).fill('T') } }), 4400),
  'a glob that is none': json(() => ({ ...START, filter: { streams: ['a b'] } }), 'answered'),
  'a beginning that is none': json(
    random => ({ ...START, after: pick<unknown>(random, [-1, 1.5, 'then', {}, [], true, '9_9_nobody']) }),
    'answered',
  ),
  'an end of nothing': json(random => ({ type: 'unsubscribe', id: hex(random, 8) }), 'answered'),
  'auth behind the handshake': json(() => ({ type: 'auth', token: 'a.b.c' }), 4400),
  'an append of nonsense': json(
    random => ({
      type: 'append',
      id: 'a',
      events: pick<unknown>(random, [1, [], {}, [1], [{}], [{ ...EVENT, stream: '$x' }], [{ ...EVENT, type: '1' }]]),
    }),
    'answered',
  ),
  'an append of an unknown field': json(() => ({ type: 'append', id: 'a', events: [EVENT], colour: 1 }), 'answered'),
  'an append of a bad key': json(() => ({ type: 'append', id: 'a', events: [EVENT], key: '\n' }), 'answered'),
  'half a surrogate pair': says(
    () => '{"type":"append","id":"a","events":[{"type":"T","stream":"load","data":{"a":"\\ud800"}}]}',
    'answered',
  ),
  'a number beyond a double': says(
    () => '{"type":"append","id":"a","events":[{"type":"T","stream":"load","data":{"n":1e999}}]}',
    4400,
    'answered',
  ),
  'binary where texts are spoken': speaks(random => [binary(random.bytes(1 + random.below(50)))], 4400),
  'text where MessagePack is spoken': { ends: [4400], form: 'msgpack', frames: () => [text('{"type":"ping"}')] },
  'binary garbage': packs(random => Buffer.concat([Buffer.of(0xc1), random.bytes(random.below(300))]), 4400),
  'a map that ends early': packs(() => Buffer.of(0x82, 0xa4, 0x74, 0x79), 4400),
  'a count of four billion': packs(random => Buffer.of(pick(random, [0xdd, 0xdf]), 0xff, 0xff, 0xff, 0xff), 4400),
  'deep MessagePack': packs(random => Buffer.alloc(100 + random.below(100_000), 0x91), 4400),
  'an extension type': packs(() => Buffer.of(0x81, 0xa4, 0x74, 0x79, 0x70, 0x65, 0xd4, 0x01, 0x00), 4400),
  'invalid UTF-8': speaks(random => [text(Buffer.concat([Buffer.of(0xff, 0xfe), random.bytes(5)]))], 1007),
  'UTF-8 cut between fragments': speaks(
    () => [
      frameBytes({ opcode: OPCODE.text, payload: Buffer.of(0xe2, 0x82), fin: false }),
      frameBytes({ opcode: OPCODE.continuation, payload: '{' }),
    ],
    1007,
  ),
  'reserved bits': speaks(
    random => [frameBytes({ opcode: OPCODE.text, payload: '{}', rsv: 1 + random.below(7) })],
    1002,
  ),
  'an unknown opcode': speaks(random => [frameBytes({ opcode: pick(random, [3, 4, 5, 6, 7, 11, 15]) })], 1002),
  'no mask': speaks(() => [frameBytes({ opcode: OPCODE.text, payload: '{"type":"ping"}', masked: false })], 1002),
  'a control frame in fragments': speaks(() => [frameBytes({ opcode: OPCODE.ping, fin: false })], 1002),
  'a control frame too long': speaks(() => [frameBytes({ opcode: OPCODE.ping, payload: 'x'.repeat(126) })], 1002),
  'the end of what never began': speaks(() => [frameBytes({ opcode: OPCODE.continuation, payload: '}' })], 1002),
  'a message within another': speaks(
    () => [frameBytes({ opcode: OPCODE.text, payload: '{', fin: false }), text('{"type":"ping"}')],
    1002,
  ),
  'a close code that is none': speaks(random => {
    const payload = Buffer.alloc(2)
    payload.writeUInt16BE(pick(random, [0, 999, 1004, 1005, 1006, 1015, 2000, 5000, 65_535]))
    return [frameBytes({ opcode: OPCODE.close, payload })]
  }, 1002),
  'half a close code': speaks(() => [frameBytes({ opcode: OPCODE.close, payload: 'x' })], 1002),
  'more than an append may be announced': speaks(
    random => [
      frameBytes({
        opcode: OPCODE.text,
        length: BigInt(FRAME_LIMITS.appendFrameBytes + 1 + random.below(1_000_000)),
      }),
    ],
    1009,
  ),
  'more than a number can say': speaks(() => [frameBytes({ opcode: OPCODE.text, length: 2n ** 63n })], 1009, 1002),
  'thousands of fragments': speaks(
    () => [
      frameBytes({ opcode: OPCODE.text, payload: '{', fin: false }),
      ...Array.from({ length: 1_100 }, () => frameBytes({ opcode: OPCODE.continuation, payload: ' ', fin: false })),
    ],
    1008,
  ),
  'a flood of pings': speaks(
    () => Array.from({ length: 500 }, () => frameBytes({ opcode: OPCODE.ping, payload: 'x'.repeat(125) })),
    'answered',
  ),
  'a pong nobody asked for': speaks(() => [frameBytes({ opcode: OPCODE.pong, payload: 'x' })], 'answered'),
  'a frame in a hundred fragments': speaks(
    () => [
      frameBytes({ opcode: OPCODE.text, payload: '{"type":', fin: false }),
      ...Array.from({ length: 98 }, () => frameBytes({ opcode: OPCODE.continuation, payload: ' ', fin: false })),
      frameBytes({ opcode: OPCODE.continuation, payload: '"ping"}' }),
    ],
    'answered',
  ),
  'a cut in the middle of a frame': speaks(() => [text(JSON.stringify(START)).subarray(0, 9)], 'cut'),
  'a cut in the middle of an append': speaks(
    () => [text(JSON.stringify({ type: 'append', id: 'a', events: [EVENT] }))],
    'cut',
  ),
  'frames behind a bad one': speaks(
    () => [
      text('{'),
      ...Array.from({ length: 50 }, () => text(JSON.stringify({ type: 'append', id: 'a', events: [EVENT] }))),
    ],
    4400,
  ),
  'a stranger who does not say who it is': { ...json(() => START, 4400), stranger: true },
  'a stranger with garbage': { ...says(random => hex(random, 20), 4400), stranger: true },
  'a stranger with a bad token': {
    ...json(random => ({ type: 'auth', token: `${hex(random, 9)}.e30.x` }), 4401),
    stranger: true,
  },
  'a stranger with no text for a token': { ...json(() => ({ type: 'auth', token: 1 }), 4400), stranger: true },
  'a handshake without a key': shakes(() => ({ headers: { 'Sec-WebSocket-Key': '' } }), 400),
  'a handshake with a bad key': shakes(random => ({ headers: { 'Sec-WebSocket-Key': hex(random, 3) } }), 400),
  'a handshake of another version': shakes(
    random => ({ headers: { 'Sec-WebSocket-Version': pick(random, ['12', '0', 'x', '']) } }),
    400,
  ),
  'a handshake of another method': shakes(
    random => ({ method: pick(random, ['POST', 'PUT', 'DELETE']), headers: { 'Content-Length': '0' } }),
    400,
  ),
  'a handshake for another path': shakes(
    random => ({ path: pick(random, ['/', '/v1/stream/', '/v1/STREAM', '//v1/stream', '/v1/events', '/%']) }),
    404,
  ),
  'a handshake with a bad token': shakes(() => ({ headers: { Authorization: 'Bearer a.b.c' } }), 401, 429),
  'a handshake with another scheme': shakes(() => ({ headers: { Authorization: 'Basic YTpi' } }), 401, 429),
  'a handshake from another origin': shakes(() => ({ headers: { Origin: 'https://evil.example' } }), 403),
  'a handshake in another tongue': shakes(() => ({ headers: { 'Sec-WebSocket-Protocol': 'soap' } }), 400),
  'a handshake with odd subprotocols': shakes(
    () => ({ headers: { 'Sec-WebSocket-Protocol': ', lighthouse.v1.json,,' } }),
    400,
  ),
  'a handshake that offers compression': shakes(
    () => ({ headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' } }),
    'answered',
  ),
  'half a handshake': {
    ends: ['cut'],
    handshake: (random, good) => handshakeBytes({ headers: good }).subarray(0, 20 + random.below(150)),
  },
}
