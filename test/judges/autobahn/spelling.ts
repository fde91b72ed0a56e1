// What an echo server would send back as it is, spelt as an append, and read from the event that comes of it.
import { pack, unpack } from 'msgpackr'

export interface Spelling {
  readonly opcode: number
  readonly protocol: string
  readonly frame: (frame: object) => Buffer
  readonly parse: (bytes: Buffer) => CameFrame
  /** One fragment of an append, which is the first of its message, the last, or both. */
  readonly append: (stream: string, fragment: Fragment) => Buffer
  readonly payloadOf: (frame: CameFrame) => Buffer
}

export interface Fragment {
  readonly payload: Buffer
  readonly first: boolean
  readonly last: boolean
}

export interface CameFrame {
  readonly type: string
  readonly event?: { readonly data: { readonly payload: string } }
}

/** Bytes that a JSON string holds only escaped. All others stay as they are, those that are no UTF-8 among them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
const ESCAPED = /["\\\u0000-\u001f]/g
const escaped = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`

const eventOf = (stream: string, payload: string) => ({ type: 'judged', stream, data: { payload } })
const appendOf = (stream: string, payload: string) => ({ type: 'append', id: '1', events: [eventOf(stream, payload)] })
const said = ({ event }: CameFrame) => event?.data.payload ?? ''

/** A text is the string of an event. */
export const TEXTS: Spelling = {
  opcode: 1,
  protocol: 'lighthouse.v1.json',
  frame: frame => Buffer.from(JSON.stringify(frame)),
  parse: bytes => JSON.parse(bytes.toString()),
  append: (stream, { payload, first, last }) => {
    const [before = '', after = ''] = JSON.stringify(appendOf(stream, '|')).split('|')
    const text = payload.toString('latin1').replace(ESCAPED, escaped)
    return Buffer.from(`${first ? before : ''}${text}${last ? after : ''}`, 'latin1')
  },
  payloadOf: frame => Buffer.from(said(frame)),
}

/** A binary message is a string of hex digits, for data is JSON. MessagePack says lengths beforehand, so it is of one frame. */
export const BINARIES: Spelling = {
  opcode: 2,
  protocol: 'lighthouse.v1.msgpack',
  frame: pack,
  parse: unpack,
  append: (stream, { payload, first, last }) => {
    if (!first || !last) throw new Error('binary messages of several frames are not among the cases')
    return pack(appendOf(stream, payload.toString('hex')))
  },
  payloadOf: frame => Buffer.from(said(frame), 'hex'),
}
