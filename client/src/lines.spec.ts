// Lines come in pieces of any size, and are whole or not at all.
import { expect, test } from '@jest/globals'
import { frameOf, linesOf } from './lines.js'

const text = '{"type":"event","event":{"data":{"name":"Zoë 🗼"}}}\n{"type":"checkpoint"}\n{"type":"end","count":1}\n'

/** The bytes of a text in pieces of one size; then the end, or an error. */
function body(of: string, size: number, error?: Error): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(of)
  let at = 0
  return new ReadableStream({
    pull(controller) {
      if (at < bytes.length) {
        controller.enqueue(bytes.slice(at, at + size))
        at += size
      } else if (error === undefined) controller.close()
      else controller.error(error)
    },
  })
}

async function framesOf(stream: ReadableStream<Uint8Array>): Promise<unknown[]> {
  const lines: unknown[] = []
  for await (const piece of linesOf(stream)) lines.push(...piece.map(frameOf))
  return lines
}

test.each([1, 2, 3, 7, 64, 1_000])('in pieces of %i bytes', async size => {
  const lines = text.trim().split('\n')
  expect(await framesOf(body(text, size))).toEqual(lines.map(line => JSON.parse(line)))
})

test('a line without its end is no line', async () => {
  expect(await framesOf(body(text.slice(0, -1), 10))).toHaveLength(2)
})

test('a body that breaks off, or is something else, is told apart', async () => {
  await expect(framesOf(body(text, 10, new Error('reset')))).rejects.toMatchObject({ code: 'NETWORK', retryable: true })
  await expect(framesOf(body('<html>\n', 10))).rejects.toMatchObject({ code: 'BAD_ANSWER', retryable: false })
})

test.each([1, 4])('a line that does not end, in pieces of %i MiB, is not gathered for ever', async mib => {
  let [sent, cancelled] = [0, false]
  const endless = new ReadableStream<Uint8Array>({
    pull: controller => {
      controller.enqueue(new Uint8Array(mib * 1024 * 1024).fill(0x78))
      sent += mib
      // Whoever goes on for so long has no limit.
      if (sent > 64) controller.close()
    },
    cancel: () => {
      cancelled = true
    },
  })
  await expect(framesOf(endless)).rejects.toMatchObject({ code: 'BAD_ANSWER', retryable: false })
  expect([sent <= 32, cancelled]).toEqual([true, true])
})

test('whoever leaves lets the body go', async () => {
  let cancelled = false
  const endless = new ReadableStream<Uint8Array>({
    pull: controller => controller.enqueue(new TextEncoder().encode('{}\n')),
    cancel: () => {
      cancelled = true
    },
  })
  for await (const _ of linesOf(endless)) break
  expect(cancelled).toBe(true)
})
