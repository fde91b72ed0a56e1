// How long a store waits: for the lock of another process, and for a write that does not come back.
import { FakeDisk } from '../../../test/support/fake-disk.js'
import { HeldDisk } from '../../../test/support/held-disk.js'
import { makeTempDirectory, removeTempDirectory } from '../../../test/support/temp-directory.js'
import type { Observer } from '../../contract/observer.js'
import { openEmbedded } from './embedded-store.js'

const request = (type: string, key?: string) => ({
  events: [{ type, stream: 'orders', data: {} }],
  author: { agentId: 'a1' },
  ...(key === undefined ? {} : { key }),
})

describe('a start that finds the lock taken', () => {
  let directory: string
  beforeEach(() => {
    directory = makeTempDirectory()
  })
  afterEach(() => removeTempDirectory(directory))

  const opened = (lockWaitMs: number, observer: Observer = {}) =>
    openEmbedded({ directory, nodeId: 'n1', allowUnsafeFilesystem: true, lockWaitMs, observer })

  test('says so once, waits, and opens the store as soon as the other process has left it', async () => {
    const first = await opened(0)
    const notes: string[] = []
    let heard: () => void = () => undefined
    const waits = new Promise<void>(resolve => {
      heard = resolve
    })
    const second = opened(60_000, {
      warned: ({ what }) => {
        notes.push(what)
        heard()
      },
    })
    await waits
    await first.close()
    const store = await second
    expect(store.status().write).toEqual({ writable: true })
    expect(notes).toEqual(['the start waits for the lock'])
    await store.close()
  })

  test('is refused when the other process stays, at once where it may not wait', async () => {
    const first = await opened(0)
    const notes: string[] = []
    const warned = ({ what }: { what: string }) => notes.push(what)
    await expect(opened(0, { warned })).rejects.toMatchObject({ code: 'LOCKED' })
    expect(notes).toEqual([])
    await expect(opened(20, { warned })).rejects.toMatchObject({ code: 'LOCKED' })
    expect(notes).toEqual(['the start waits for the lock'])
    await first.close()
  })
})

test('a write that does not come back is indeterminate for its callers; reads go on, and the store stays read-only', async () => {
  const held = new HeldDisk(new FakeDisk({ directories: ['/'] }))
  const told: string[] = []
  let heard: () => void = () => undefined
  const back = new Promise<void>(resolve => {
    heard = resolve
  })
  const observer: Observer = {
    hung: ({ hung }) => {
      told.push(hung ? 'hung' : 'back')
      if (!hung) heard()
    },
    writeState: state => void told.push(state.writable ? 'writable' : state.reason),
  }
  const rules = { allowUnsafeFilesystem: true, presizeBytes: 0, idleMarkMs: 0, writeTimeoutMs: 100 }
  const store = await openEmbedded({ directory: '/data', nodeId: 'n1', disk: held, observer, ...rules })
  await store.append(request('before'))
  held.hold()
  const inFlight = store.append(request('sent'))
  await held.arrived()
  const answers = await Promise.allSettled([
    inFlight,
    store.append(request('waiting')),
    store.append(request('k', 'k')),
  ])
  expect(answers.map(answer => answer.status === 'rejected' && answer.reason.code)).toEqual([
    'INDETERMINATE',
    'READ_ONLY',
    'INDETERMINATE',
  ])
  expect(told).toEqual(['hung', 'failed_sync'])
  await expect(store.append(request('later'))).rejects.toMatchObject({ code: 'READ_ONLY' })
  expect((await store.find(1))?.type).toBe('before')
  held.release()
  await back
  // What was given up has been stored after all, as its answer allowed; nothing else is taken.
  expect(store.head()).toBe(2)
  await expect(store.append(request('later'))).rejects.toMatchObject({ code: 'READ_ONLY' })
  await store.close()
  expect(told).toEqual(['hung', 'failed_sync', 'back', 'closed'])
})
