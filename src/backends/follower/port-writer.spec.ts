// A follower that asks its writer through a port: the same answers and refusals, and what is known when the writer is gone.
import { once } from 'node:events'
import { MessageChannel, Worker } from 'node:worker_threads'
import { afterEach, expect, test } from '@jest/globals'
import { FakeDisk } from '../../../test/support/fake-disk.js'
import type { ThreadData, ThreadTask } from '../../../test/support/follower-thread.js'
import { HeldDisk } from '../../../test/support/held-disk.js'
import { withTempDirectory } from '../../../test/support/temp-directory.js'
import { StoreError } from '../../contract/errors.js'
import type { AppendRequest } from '../../contract/event-store.js'
import { type EmbeddedStore, openEmbedded } from '../embedded/embedded-store.js'
import type { Disk } from '../embedded/engine/disk/disk.js'
import { type FollowerStore, openFollower } from './follower-store.js'
import { LocalWriter } from './local-writer.js'
import { PortWriter, SharedHead, servePort } from './port-writer.js'

const DATA = '/data'
const author = { agentId: 'a1' }
const of = (stream: string, more: Partial<AppendRequest> = {}): AppendRequest => ({
  events: [{ type: 'ticked', stream, data: { text: 'ü', list: [1, 2] }, metadata: { m: 1 }, tags: ['t'] }],
  author,
  ...more,
})

const leaving: (() => unknown)[] = []
afterEach(async () => {
  for (const leave of leaving.splice(0).reverse()) await leave()
})

async function writing(disk: Disk, directory = DATA): Promise<{ writer: LocalWriter; store: EmbeddedStore }> {
  const writer = new LocalWriter()
  const store = await openEmbedded({ directory, nodeId: 'n1', disk, idleMarkMs: 0, observer: writer.observer })
  writer.attach(store)
  leaving.push(() => store.close())
  return { writer, store }
}

async function followed(writer: LocalWriter, disk: Disk): Promise<{ follower: FollowerStore; end: () => void }> {
  const { port1, port2 } = new MessageChannel()
  const head = new SharedHead()
  const end = servePort(writer, port1, head)
  const port = await PortWriter.connect(port2, head.memory)
  const follower = await openFollower(port, { directory: DATA, disk, verify: false })
  leaving.push(async () => {
    await follower.close()
    port.close()
    end()
  })
  return { follower, end }
}

test('what is appended through the port is stored as it was sent, and at once on the other followers', async () => {
  const disk = new FakeDisk({ directories: ['/'] })
  const { writer, store } = await writing(disk)
  const [{ follower: one }, { follower: other }] = [await followed(writer, disk), await followed(writer, disk)]
  const appended = await Promise.all(Array.from({ length: 50 }, (_, n) => one.append(of(`s${n}`, { key: `k${n}` }))))
  for (const { events } of appended) {
    const [{ id = '' } = {}] = events
    expect(JSON.stringify(await other.find(id))).toBe(JSON.stringify(await store.find(id)))
    expect(await other.find(id)).toMatchObject({ data: { text: 'ü', list: [1, 2] }, metadata: { m: 1 } })
  }
  const again = await other.append(of('s7', { key: 'k7' }))
  expect(again).toEqual({ ...appended[7], duplicate: true })
  expect(other.lineage()).toEqual(store.lineage())
})

test('who hears of a batch is told for how long it has been durable, the way to their thread included', async () => {
  const disk = new FakeDisk({ directories: ['/'] })
  const { writer, store } = await writing(disk)
  const { port1, port2 } = new MessageChannel()
  const head = new SharedHead()
  leaving.push(servePort(writer, port1, head))
  const port = await PortWriter.connect(port2, head.memory)
  leaving.push(() => port.close())
  const heard = new Promise<number>(moved => port.listen({ moved, changed: () => undefined }))
  await store.append(of('s'))
  // This turn holds the thread, so that the message waits for it.
  for (const begun = performance.now(); performance.now() - begun < 20; );
  const forMs = await heard
  expect(forMs).toBeGreaterThanOrEqual(20)
  expect(forMs).toBeLessThan(60_000)
})

test('refusals cross with all that they name', async () => {
  const disk = new FakeDisk({ directories: ['/'] })
  const { writer, store } = await writing(disk)
  const { follower } = await followed(writer, disk)
  await follower.append(of('s'))
  const refusal = new StoreError('READ_ONLY', 'for now', { mode: 'EMERGENCY', retryAfterSeconds: 3 })
  const asked: [AppendRequest, object?][] = [
    [of('s', { expectations: [{ stream: 's', expectedRevision: 'none' }] })],
    [of('s', { condition: { failIfEventsMatch: { items: [{ tags: ['t'] }] } } })],
    [of('s'), { refusal }],
    [{ events: [{ type: '1', stream: 's', data: {} }], author }],
  ]
  for (const [request, terms] of asked) {
    const refusedBy = (one: FollowerStore | EmbeddedStore) =>
      one.append(request, terms).then(
        () => 'stored',
        ({ code, message, violations, errors, mode }) => ({ code, message, violations, errors, mode }),
      )
    expect(await refusedBy(follower)).toEqual(await refusedBy(store))
    expect(await refusedBy(follower)).not.toBe('stored')
  }
  expect(follower.head()).toBe(1)
})

test('of what was handed to a writer that is gone nobody knows, and what comes later is surely not stored', async () => {
  const disk = new HeldDisk(new FakeDisk({ directories: ['/'] }))
  const { writer } = await writing(disk)
  const { follower, end } = await followed(writer, disk)
  await follower.append(of('s'))
  disk.hold()
  const lost = follower.append(of('s'))
  await disk.arrived()
  end()
  await expect(lost).rejects.toMatchObject({ code: 'INDETERMINATE' })
  await expect(follower.append(of('s'))).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
  expect(follower.status().write).toMatchObject({ writable: false, reason: 'closed' })
  expect((await follower.find(1))?.stream).toBe('s')
  disk.release()
})

test('what one thread was answered another finds at once, and a thread that dies takes nothing with it', async () => {
  await withTempDirectory(async directory => {
    const writer = new LocalWriter()
    const store = await openEmbedded({
      directory,
      nodeId: 'n1',
      allowUnsafeFilesystem: true,
      observer: writer.observer,
    })
    writer.attach(store)
    const threads = [new Thread(writer, directory), new Thread(writer, directory)] as const
    expect(await Promise.all(threads.map(({ ready }) => ready))).toEqual(['ready', 'ready'])
    let stale = 0
    for (let n = 0; n < 100; n++) {
      const [one, other] = n % 2 === 0 ? threads : [threads[1], threads[0]]
      const position = await one.do({ append: `s${n}` })
      if ((await other.do({ ask: `s${n}` })) !== position) stale++
    }
    expect(stale).toBe(0)
    threads[0].worker.postMessage({ append: 'last words' } satisfies ThreadTask)
    await threads[0].end()
    expect(await threads[1].do({ append: 'after' })).toBe(store.head())
    expect(store.head()).toBeGreaterThan(100)
    await threads[1].end()
    await store.close()
  })
})

class Thread {
  readonly worker: Worker
  /** Listened for from the beginning, because nobody keeps a message that nobody listens for. */
  readonly ready: Promise<unknown>
  private readonly leave: () => void

  constructor(writer: LocalWriter, directory: string) {
    const { port1, port2 } = new MessageChannel()
    const head = new SharedHead()
    this.leave = servePort(writer, port1, head)
    const workerData: ThreadData = { directory, port: port2, memory: head.memory }
    const script = new URL('../../../test/support/follower-thread.ts', import.meta.url)
    const execArgv = ['--import', new URL('../../../scripts/typescript.mjs', import.meta.url).href]
    this.worker = new Worker(script, { workerData, transferList: [port2], execArgv })
    // Whoever waits for a message hears of it; without a listener it would end this process.
    this.worker.on('error', () => undefined)
    this.ready = this.said()
  }

  private async said(): Promise<unknown> {
    const [message] = await once(this.worker, 'message')
    return message
  }

  do(task: ThreadTask): Promise<unknown> {
    const said = this.said()
    this.worker.postMessage(task)
    return said
  }

  async end(): Promise<void> {
    await this.worker.terminate()
    this.leave()
  }
}
