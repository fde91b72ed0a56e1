// Splits an NDJSON body into frames as it arrives, holding no more than one piece of the body and the line it ends in.

import { LighthouseError, NetworkError } from './errors.js'

export type Frame = { readonly type?: unknown; readonly [field: string]: unknown }

/** Yields the frames of each piece. A last line without its line feed was cut off, so it is dropped. */
export async function* framesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<readonly Frame[], void, void> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let begun: string[] = []
  try {
    for (;;) {
      const { done, value } = await reader.read().catch(cutOff)
      if (done) return
      const lines = decoder.decode(value, { stream: true }).split('\n')
      begun.push(lines[0] as string)
      if (lines.length === 1) continue
      lines[0] = begun.join('')
      begun = [lines.pop() as string]
      yield lines.map(frameOf)
    }
  } finally {
    // Cancelling a body that has already failed rejects, and there is nothing left to cancel.
    await reader.cancel().catch(() => undefined)
  }
}

function cutOff(cause: unknown): never {
  throw new NetworkError('The answer was cut off.', { cause })
}

function frameOf(line: string): Frame {
  try {
    return JSON.parse(line) as Frame
  } catch (cause) {
    throw new LighthouseError('BAD_ANSWER', 'A line of the answer is not JSON.', { cause })
  }
}
