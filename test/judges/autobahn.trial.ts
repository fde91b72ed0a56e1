// Autobahn's cases against the server's own socket, each message an append and each echo its event; kosoku judges.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { frameBytes, OPCODE } from '../support/raw-stream.js'
import { RunningServer, tokenOf } from '../support/running-server.js'
import type { Relayed } from './autobahn/echo-relay.js'
import { type RawFrame, withPayload } from './autobahn/frame-splitter.js'
import { hasKosoku, judge, refused, type Verdict, type Verdicts } from './autobahn/judge.js'
import { BINARIES, TEXTS } from './autobahn/spelling.js'

// skip: there is no kosoku here; the names of the tests say so
const judged = hasKosoku ? test : test.skip
const without = hasKosoku ? '' : ' (skipped: there is no kosoku here; npm run tools -- kosoku)'

/** All but 9 (how fast messages of up to 16 MiB come back, and no rule), 12 and 13 (compression, which is not spoken). */
const OF_TEXTS = { cases: ['1.1.*', '2.*', '3.*', '4.*', '5.*', '6.*', '7.*', '10.*'], count: 239 }
const OF_BINARIES = { cases: ['1.2.*', '2.*', '7.3.*', '7.5.*', '7.7.*', '7.9.*', '7.13.*'], count: 50 }

/** The rule allows both and prefers the other. */
const NOT_STRICT: Readonly<Record<string, string>> = {
  ...listed(
    ['3.2', '3.3', '3.4', '4.1.3', '4.1.4', '4.1.5', '4.2.3', '4.2.4', '4.2.5', '5.15'],
    'no echo before the disk',
  ),
  ...listed(['6.4.1', '6.4.2', '6.4.3', '6.4.4'], 'UTF-8 is judged when the message is whole'),
}

function listed(cases: readonly string[], reason: string): Record<string, string> {
  return Object.fromEntries(cases.map(name => [name, reason]))
}

const LIMITLESS = { requestsPerMinute: 1e9, eventsPerMinute: 1e9, bytesPerMinute: 1e12, batch: 1_000 }
let server: RunningServer
let relayed: Relayed

beforeAll(async () => {
  server = await RunningServer.start({ LIGHTHOUSE_QUOTAS: JSON.stringify({ admin: LIMITLESS }) })
  relayed = { url: server.url, token: await tokenOf({ sub: 'autobahn', role: 'admin' }), spelling: TEXTS }
})

afterAll(() => server.stop())

const named = (verdicts: Verdicts, ...kinds: readonly string[]) =>
  Object.keys(verdicts).filter(name => kinds.includes((verdicts[name] as Verdict).behavior))

async function mustPass(form: string, by: Partial<Relayed>, { cases, count }: typeof OF_TEXTS): Promise<void> {
  const verdicts = await judge({ ...relayed, ...by }, cases)
  const notStrict = named(verdicts, 'NON-STRICT')
  const open = named(verdicts, 'INFORMATIONAL')
  const all = Object.keys(verdicts).length
  process.stdout.write(`Autobahn, ${form}: ${all} cases, ${all - notStrict.length - open.length} OK, `)
  process.stdout.write(
    `${notStrict.length} not strict, ${open.length} informational, ${refused(verdicts).length} failed\n`,
  )
  expect(refused(verdicts)).toEqual([])
  expect(notStrict.filter(name => NOT_STRICT[name] === undefined)).toEqual([])
  expect(all).toBe(count)
}

judged(`no case of Autobahn fails in JSON texts${without}`, () => mustPass('JSON', {}, OF_TEXTS))

judged(`no case of Autobahn fails in MessagePack${without}`, () =>
  mustPass('MessagePack', { spelling: BINARIES }, OF_BINARIES),
)

const shortened = (frame: RawFrame) => withPayload(frame, frame.payload.subarray(1))
const asNormal = () => frameBytes({ opcode: OPCODE.close, masked: false, payload: Uint8Array.of(3, 232) })

judged.each([
  ['an echo that lacks a byte', OPCODE.text, shortened, '1.1.2'],
  ['a pong that lacks a byte', OPCODE.pong, shortened, '2.4'],
  [
    'a frame of an unknown kind',
    OPCODE.pong,
    (frame: RawFrame) => Buffer.concat([frame.bytes, Buffer.of(0x83, 0)]),
    '2.4',
  ],
  ['a normal close where the protocol was broken', OPCODE.close, asNormal, '7.9.2'],
] as const)(`the judge sees %s${without}`, async (_, opcode, bend, name) => {
  const bent = (frame: RawFrame) => (frame.opcode === opcode ? bend(frame) : frame.bytes)
  expect(refused(await judge({ ...relayed, bent }, [name]))).toEqual([name])
})
