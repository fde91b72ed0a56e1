// What the bench of threads concludes, and that its client knows where an answer ends however it comes.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import { afterEach, expect, test } from '@jest/globals'
import { cpuBetween, cpuOfThreads } from '../../bench/threads/cpu-of-threads.js'
import { PreparedConnection } from '../../bench/threads/prepared-connection.js'
import { allowedGain, ceilingsOf, projectedRate } from '../../bench/threads/projection.js'

const leaving: (() => unknown)[] = []
afterEach(async () => {
  for (const leave of leaving.splice(0).reverse()) await leave()
})

const REQUEST = Buffer.from('GET / HTTP/1.1\r\n\r\n')

/** A server that does as it is told when a request comes, and what a client makes of it. */
async function asked(answer: (socket: Socket) => void | Promise<void>, times = 1): Promise<number> {
  const server = createServer(socket => {
    socket.setNoDelay(true)
    socket.on('error', () => undefined)
    socket.on('data', () => void answer(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  leaving.push(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  let answers = 0
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const answered = (connection: PreparedConnection) => {
    if (++answers === times) resolve()
    else connection.send(REQUEST)
  }
  const connection = await PreparedConnection.open(url, { answered, failed: reject })
  leaving.push(() => connection.end())
  connection.send(REQUEST)
  await promise
  return answers
}

const answerOf = (body: string, name = 'content-length') =>
  `HTTP/1.1 201 Created\r\nx: y\r\n${name}: ${Buffer.byteLength(body)}\r\nz: 1\r\n\r\n${body}`

async function inPieces(socket: Socket, text: string, bytes: number): Promise<void> {
  const all = Buffer.from(text)
  for (let at = 0; at < all.length; at += bytes) {
    await new Promise(sent => socket.write(all.subarray(at, at + bytes), sent))
    // The piece is on its way by itself before the next one is written.
    await new Promise(setImmediate)
  }
}

test.each([
  ['a short one', '{"id":1}', 1_000],
  ['one without a body', '', 1_000],
  ['one whose head comes in pieces', '{"id":"ü"}', 7],
  ['one that is longer than a read', 'x'.repeat(300_000), 1_000_000],
  ['a long one that comes in pieces', 'x'.repeat(5_000), 999],
])('an answer ends where its length says: %s', async (_what, body, bytes) => {
  expect(await asked(socket => inPieces(socket, answerOf(body), bytes), 3)).toBe(3)
})

test('a server may write the name of the length as Node does', async () => {
  expect(await asked(socket => void socket.write(answerOf('{}', 'Content-Length')), 2)).toBe(2)
})

test.each([
  ['a refusal', 'HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\n\r\n', /429/],
  ['an answer of no length', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n', /chunked/],
])('%s is no figure', async (_what, text, says) => {
  await expect(asked(socket => void socket.write(text))).rejects.toThrow(says)
})

test('a connection that ends is no figure either', async () => {
  await expect(asked(socket => void socket.end())).rejects.toThrow('closed')
})

test('two cores allow as many times the rate as the main thread takes of all the work, twice', () => {
  expect(allowedGain(2, { main: 80, workers: 0, helpers: 10, client: 10 })).toBeCloseTo(1.6)
  expect(allowedGain(8, { main: 80, workers: 0, helpers: 10, client: 10 })).toBeCloseTo(6.4)
  expect(allowedGain(2, { main: 20, workers: 0, helpers: 10, client: 70 })).toBe(1)
})

test('a rate is bounded by the writer, by the front threads or by all cores, whichever comes first', () => {
  const costs = { main: 20, workers: 80, helpers: 0, client: 50 }
  expect(projectedRate(4, costs)).toBeCloseTo(3e6 / 80)
  expect(projectedRate(16, costs)).toBe(50_000)
  expect(projectedRate(16, costs, 30_000)).toBe(30_000)
  expect(projectedRate(4, { ...costs, helpers: 60 })).toBeCloseTo(4e6 / 160)
  expect(projectedRate(2, { ...costs, workers: 0, helpers: 0 })).toBe(50_000)
})

test('the ceiling of the writer is given by workload', () => {
  expect(ceilingsOf('single=55000,batch=2e5', ['single', 'batch'])).toEqual(
    new Map([
      ['single', 55_000],
      ['batch', 200_000],
    ]),
  )
  expect(ceilingsOf('', ['single'])).toEqual(new Map())
})

test.each(['single', 'single=0', 'single=many', 'both=1', '=1'])('a ceiling is not %s', text => {
  expect(() => ceilingsOf(text, ['single'])).toThrow('--ceiling takes single=N')
})

test('what worker threads spend is told apart from what the main thread does', async () => {
  const before = cpuOfThreads(process.pid)
  const spin = 'while (process.threadCpuUsage().user < 50_000);'
  const say = "require('worker_threads').parentPort.postMessage('spun'); setInterval(() => {}, 1_000)"
  const worker = new Worker(`${spin} ${say}`, { eval: true })
  leaving.push(() => worker.terminate())
  await once(worker, 'message')
  const { main, workers, busiest } = cpuBetween(before, cpuOfThreads(process.pid))
  expect(busiest).toBeGreaterThan(45_000)
  expect(workers).toBeGreaterThanOrEqual(busiest)
  expect(main).toBeGreaterThan(0)
})
