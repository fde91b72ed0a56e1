// What a socket has sent is measured by the heads of its frames, however the bytes are cut, and before anything of it is kept.
import fc from 'fast-check'
import { frameBytes, OPCODE } from '../../test/support/raw-stream.js'
import { FRAME_LIMITS } from '../streaming/frame-limits.js'
import { FrameMeter } from './frame-meter.js'

const KIB = 1024
const taken = (...chunks: Uint8Array[]): FrameMeter => {
  const meter = new FrameMeter()
  for (const chunk of chunks) meter.take(Buffer.from(chunk))
  return meter
}
const measured = ({ total, announced, unfinished }: FrameMeter) => ({ total, announced, unfinished })

test('a hundred and fifty sockets with a frame that is never whole are known to the byte, from its head on', () => {
  const head = frameBytes({ opcode: OPCODE.text, length: BigInt(16 * KIB * KIB) })
  const meters = Array.from({ length: 150 }, () => taken(head, Buffer.alloc(60 * KIB)))
  expect(new Set(meters.map(({ announced }) => announced))).toEqual(new Set([16 * KIB * KIB]))
  const kept = meters.reduce((sum, { unfinished }) => sum + unfinished, 0)
  expect(kept).toBe(150 * (60 * KIB + FRAME_LIMITS.pieceBytes))
})

test('nothing is left of messages that are whole, nor of what stands between them', () => {
  const text = frameBytes({ opcode: OPCODE.text, payload: 'x'.repeat(70_000) })
  const ping = frameBytes({ opcode: OPCODE.ping, payload: 'p' })
  expect(measured(taken(text, ping, text, ping, ping))).toEqual({
    announced: 0,
    unfinished: 0,
    total: 2 * text.length + 3 * ping.length,
  })
})

test('a message in fragments is announced by each of them, and what comes between them is kept with it', () => {
  const first = frameBytes({ opcode: OPCODE.text, payload: 'x'.repeat(1_000), fin: false })
  const ping = frameBytes({ opcode: OPCODE.ping, payload: 'p'.repeat(100) })
  const last = frameBytes({ opcode: OPCODE.continuation, payload: 'y'.repeat(500) })
  const meter = taken(Buffer.concat([first, ping]))
  expect(measured(meter)).toMatchObject({ announced: 1_000, unfinished: first.length + ping.length })
  meter.take(last.subarray(0, 20))
  expect(measured(meter)).toMatchObject({
    announced: 1_500,
    unfinished: first.length + ping.length + FRAME_LIMITS.pieceBytes,
  })
  meter.take(last.subarray(20))
  expect(measured(meter)).toMatchObject({ announced: 0, unfinished: 0 })
})

test('however messages are cut into frames and frames into pieces, what is not whole is no less than what it is', () => {
  const message = fc.record({ payloads: fc.array(fc.nat(70_000), { minLength: 1, maxLength: 4 }), pings: fc.nat(2) })
  const story = fc.tuple(
    fc.array(message, { minLength: 1, maxLength: 5 }),
    fc.infiniteStream(fc.integer({ min: 1, max: 65_536 })),
  )
  const check = ([messages, cuts]: [{ payloads: number[]; pings: number }[], Iterator<number>]) => {
    const ends: number[] = []
    const parts: Buffer[] = []
    for (const { payloads, pings } of messages) {
      payloads.forEach((length, n) => {
        const opcode = n === 0 ? OPCODE.binary : OPCODE.continuation
        parts.push(frameBytes({ opcode, payload: Buffer.alloc(length), fin: n === payloads.length - 1 }))
        if (n < payloads.length - 1) for (let i = 0; i < pings; i++) parts.push(frameBytes({ opcode: OPCODE.ping }))
      })
      ends.push(parts.reduce((sum, part) => sum + part.length, 0))
    }
    const bytes = Buffer.concat(parts)
    const meter = new FrameMeter()
    for (let at = 0; at < bytes.length; ) {
      const to = Math.min(bytes.length, at + (cuts.next().value as number))
      meter.take(bytes.subarray(at, to))
      const whole = ends.findLast(end => end <= to) ?? 0
      expect(meter.unfinished).toBeGreaterThanOrEqual(to - whole)
      if (to === whole) expect(measured(meter)).toMatchObject({ announced: 0, unfinished: 0 })
      at = to
    }
    expect(meter.total).toBe(bytes.length)
  }
  fc.assert(fc.property(story, check as never), { numRuns: 60 })
})
