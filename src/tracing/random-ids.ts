// Ids of traces and spans, cut from random bytes that are drawn many at a time: a draw costs as much as five hundred cuts.
import { randomFillSync } from 'node:crypto'

const POOL = Buffer.allocUnsafeSlow(16 * 1_024)
const TRACE_BYTES = 16
let at = POOL.length

/** No secret: everybody who is sent an event may see the ids of its trace. */
function draw(bytes: number): void {
  if (at + bytes > POOL.length) {
    randomFillSync(POOL)
    at = 0
  }
  at += bytes
}

function randomHex(bytes: number): string {
  draw(bytes)
  return POOL.toString('hex', at - bytes, at)
}

export function newTraceId(): string {
  return randomHex(TRACE_BYTES)
}

export function newSpanId(): string {
  return randomHex(8)
}

/** Draws a trace id and says what share of all ids is below it, as its last 52 bits tell; most ids are never written. */
export function drawTraceShare(): number {
  draw(TRACE_BYTES)
  return ((POOL.readUInt8(at - 7) & 0x0f) * 2 ** 48 + POOL.readUIntBE(at - 6, 6)) / 2 ** 52
}

/** The id that was drawn last. */
export function drawnTraceId(): string {
  return POOL.toString('hex', at - TRACE_BYTES, at)
}
