// Splits an NDJSON body into lines as it arrives, holding no more than one piece of the body and the line it ends in.

import { LighthouseError, NetworkError } from './errors.js'
import type { DamagedRange, Position } from './event.js'
import type { Body } from './transport.js'

export type Frame = { readonly type?: unknown; readonly [field: string]: unknown }

/** What a frame `damaged` tells, without the fields of the frame. */
export function damagedRangeOf(frame: Frame): DamagedRange {
  return { from: frame['from'] as Position, to: frame['to'] as Position, reason: String(frame['reason']) }
}

/** More than twice what the largest event can take as JSON. */
const LINE_CHARS_MAX = 16 * 1024 * 1024

/** The lines of each piece that arrives. A last line without its end is none: it was cut off. */
export async function* linesOf(body: Body): AsyncGenerator<readonly string[], void, void> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let begun: string[] = []
  let chars = 0
  try {
    for (;;) {
      const { done, value } = await reader.read().catch(cutOff)
      if (done) return
      const lines = decoder.decode(value, { stream: true }).split('\n')
      const [first = ''] = lines
      begun.push(first)
      chars += first.length
      if (chars > LINE_CHARS_MAX) throw new LighthouseError('BAD_ANSWER', 'A line of the answer does not end.')
      if (lines.length === 1) continue
      lines[0] = begun.join('')
      const rest = lines.pop() as string
      begun = [rest]
      chars = rest.length
      yield lines
    }
  } finally {
    // Cancelling a body that has already failed rejects, and there is nothing left to cancel.
    await reader.cancel().catch(() => undefined)
  }
}

function cutOff(cause: unknown): never {
  throw new NetworkError('The answer was cut off.', { cause })
}

export function frameOf(line: string): Frame {
  try {
    return JSON.parse(line) as Frame
  } catch (cause) {
    throw new LighthouseError('BAD_ANSWER', 'A line of the answer is not JSON.', { cause })
  }
}
