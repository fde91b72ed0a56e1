// Streams of lines over real sockets: the reader sets the pace, leaving stops the source, and failures have a last word.
import { once } from 'node:events'
import { createServer, get, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import fastify from 'fastify'
import { ndjsonStream } from './ndjson.js'

const LINE = JSON.stringify({ type: 'event', filler: 'x'.repeat(1_000) })
const lastWords = (error: unknown) => JSON.stringify({ type: 'error', detail: (error as Error).message })

/** A source that counts what is asked of it. */
class Source {
  pulled = 0
  readonly returned: Promise<void>
  private left: () => void = () => undefined

  constructor(
    private readonly lines: number,
    private readonly failure?: Error,
  ) {
    this.returned = new Promise(resolve => {
      this.left = resolve
    })
  }

  async *frames(): AsyncGenerator<string> {
    try {
      while (this.pulled < this.lines) {
        this.pulled++
        yield LINE
      }
      if (this.failure !== undefined) throw this.failure
    } finally {
      this.left()
    }
  }
}

let server: Server | undefined

async function serve(source: Source): Promise<IncomingMessage> {
  server = createServer((_request, answer) => {
    const stream = ndjsonStream(source.frames(), lastWords)
    stream.pipe(answer)
    answer.on('close', () => stream.destroy())
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const [answer] = (await once(get({ port, host: '127.0.0.1', agent: false }), 'response')) as [IncomingMessage]
  return answer
}

afterEach(() => {
  server?.closeAllConnections()
  server?.close()
  server = undefined
})

/** Turns of the event loop until a count stands still: whatever could move on its own has moved. */
async function standstill(count: () => number): Promise<number> {
  let before = -1
  for (let still = 0; still < 200; still++) {
    await new Promise(resolve => setImmediate(resolve))
    if (count() !== before) still = 0
    before = count()
  }
  return before
}

test('every line arrives, whole and in order', async () => {
  const lines = (await text(await serve(new Source(2_000)))).split('\n')
  expect(lines.pop()).toBe('')
  expect(lines).toEqual(Array(2_000).fill(LINE))
})

test('no frames are no lines', async () => {
  expect(await text(await serve(new Source(0)))).toBe('')
})

test('the first line does not wait for the second', async () => {
  const stream = ndjsonStream(
    (async function* () {
      yield 'first'
      await new Promise(() => undefined)
    })(),
    lastWords,
  )
  const [chunk] = await once(stream, 'data')
  expect(String(chunk)).toBe('first\n')
  stream.destroy()
})

test('lines gather into chunks', async () => {
  const stream = ndjsonStream(new Source(2_000).frames(), lastWords)
  const sizes: number[] = []
  for await (const chunk of stream) sizes.push((chunk as Buffer).length)
  expect(sizes.length).toBeLessThan(40)
  expect(Math.max(...sizes)).toBeLessThan(70_000)
})

test('a reader who does not read is not read for', async () => {
  const source = new Source(1_000_000)
  const answer = await serve(source)
  answer.pause()
  const pulled = await standstill(() => source.pulled)
  // What fits into the buffers of two sockets and a stream.
  expect(pulled).toBeGreaterThan(0)
  expect(pulled).toBeLessThan(30_000)
  answer.resume()
  await once(answer, 'data')
  answer.pause()
  expect(await standstill(() => source.pulled)).toBeLessThan(60_000)
  answer.destroy()
  await source.returned
})

test('a reader who leaves takes the source along', async () => {
  const source = new Source(1_000_000)
  const answer = await serve(source)
  await once(answer, 'data')
  answer.destroy()
  await source.returned
  expect(source.pulled).toBeLessThan(1_000_000)
})

test('Fastify lets go of the source when the reader leaves', async () => {
  const source = new Source(1_000_000)
  const app = fastify()
  app.get('/', (_request, reply) => reply.send(ndjsonStream(source.frames(), lastWords)))
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const [answer] = (await once(get({ port, host: '127.0.0.1', agent: false }), 'response')) as [IncomingMessage]
  await once(answer, 'data')
  answer.destroy()
  await source.returned
  await app.close()
})

test('a failure after the start is the last line', async () => {
  const lines = (await text(await serve(new Source(3, new Error('the disk is gone'))))).trimEnd().split('\n')
  expect(lines).toEqual([LINE, LINE, LINE, '{"type":"error","detail":"the disk is gone"}'])
})

test('a source that cannot even be returned hurts nobody', async () => {
  const frames: AsyncIterable<string> = {
    [Symbol.asyncIterator]: () => ({
      next: async () => ({ done: false, value: 'a' }),
      return: () => Promise.reject(new Error('late')),
    }),
  }
  const stream = ndjsonStream(frames, lastWords)
  await once(stream, 'data')
  stream.destroy()
  await once(stream, 'close')
})
