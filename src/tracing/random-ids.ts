// Ids of traces and spans, cut from random bytes that are drawn many at a time: a draw costs as much as five hundred cuts.
import { randomFillSync } from 'node:crypto'

const POOL = Buffer.allocUnsafeSlow(16 * 1_024)
let at = POOL.length

/** No secret: everybody who is sent an event may see the ids of its trace. */
function randomHex(bytes: number): string {
  if (at + bytes > POOL.length) {
    randomFillSync(POOL)
    at = 0
  }
  const from = at
  at += bytes
  return POOL.toString('hex', from, at)
}

export function newTraceId(): string {
  return randomHex(16)
}

export function newSpanId(): string {
  return randomHex(8)
}
