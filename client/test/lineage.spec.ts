// A client that comes back to a store which a restore has made: told where the two logs part, and never led on in silence.
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { openEmbedded } from '../../src/backends/embedded/embedded-store.js'
import { RealDisk } from '../../src/backends/embedded/engine/disk/real-disk.js'
import { COMMON, makeRestoredStore, type RestoredStore, ticks } from '../../test/support/restored-store.js'
import { type ServerInProcess, startOn } from '../../test/support/server-on-a-disk.js'
import { makeTempDirectory, removeTempDirectory } from '../../test/support/temp-directory.js'
import { CuttingProxy } from './support/cutting-proxy.js'
import { clientOf } from './support/server-and-client.js'

let folder: string
let stores: RestoredStore
/** A copy of the original. */
let twin: string
let original: ServerInProcess
let restored: ServerInProcess
/** Leads to the original first. */
let proxy: CuttingProxy

beforeEach(async () => {
  folder = makeTempDirectory()
  stores = await makeRestoredStore(folder)
  twin = join(folder, 'twin')
  cpSync(stores.original, twin, { recursive: true })
  original = await startOn(new RealDisk(), { directory: stores.original })
  restored = await startOn(new RealDisk(), { directory: stores.restored })
  await restored.store.append({ events: ticks(20), author: { agentId: 'writer' } })
  proxy = await CuttingProxy.before(original.url, { seed: 1, bytes: [1e9, 1e9], cuts: 0 })
})

afterEach(async () => {
  await proxy.stop()
  await Promise.all([original.stop(), restored.stop()])
  removeTempDirectory(folder)
})

async function switchOver(): Promise<void> {
  proxy.lead(restored.url)
  proxy.cutAll()
  await proxy.quiet()
}

test('a follow that is further than the fork fails with it, and one that begins anew there goes on', async () => {
  const lighthouse = clientOf(proxy)
  const following = lighthouse.follow({ streams: 'clock', after: 'start' })
  for (let n = 0; n < stores.head; n++) await following.next()
  expect(following).toMatchObject({ position: stores.head, lineage: stores.known })
  await switchOver()
  await expect(following.next()).rejects.toMatchObject({ code: 'LINEAGE_FORKED', fork: COMMON, retryable: false })
  const again = lighthouse.follow({ streams: 'clock', after: COMMON, lineage: stores.known })
  expect((await again.next()).value?.position).toBe(COMMON + 1)
  expect(again.lineage).toBe(restored.store.lineage().id)
  await again.return()
})

test('a follow that has not come to the fork goes on in the restored store', async () => {
  const following = clientOf(proxy).follow({ streams: 'clock', after: 'start', bufferedEvents: 2 })
  const positions: number[] = []
  const take = async () => positions.push((await following.next()).value?.position ?? 0)
  await take()
  await switchOver()
  while (positions.length < COMMON + 20) await take()
  expect(positions).toEqual(Array.from({ length: COMMON + 20 }, (_, n) => n + 1))
  await following.return()
})

test('a position that was kept with its lineage is refused by a store that has other events there', async () => {
  const kept = { after: stores.head, lineage: stores.known }
  await expect(clientOf(restored).follow(kept).next()).rejects.toMatchObject({ code: 'LINEAGE_FORKED', fork: COMMON })
})

test('a read whose connection breaks is not finished from a restored store', async () => {
  const seen = stores.head - 1
  const { origin: other } = new URL(restored.url)
  let requests = 0
  const cutOff: typeof fetch = async (input, init) => {
    if (requests++ > 0) return fetch(String(input).replace(new URL(original.url).origin, other), init)
    const answer = await fetch(input, init)
    const lines = (await answer.text()).split('\n').slice(0, seen)
    return new Response(lines.map(line => `${line}\n`).join(''), answer)
  }
  const positions: number[] = []
  const read = async () => {
    for await (const { position } of clientOf(original, { fetch: cutOff }).read({ streams: 'clock' })) {
      positions.push(position)
    }
  }
  await expect(read()).rejects.toMatchObject({ code: 'LINEAGE_FORKED', fork: COMMON })
  expect([positions.length, requests]).toEqual([seen, 2])
})

test('a process that another has replaced is not followed', async () => {
  // Two starts of the same store at once, as no lock allows: the younger one has the higher epoch.
  await (await openEmbedded({ directory: twin, nodeId: 'n1' })).close()
  const younger = await startOn(new RealDisk(), { directory: twin })
  proxy.lead(younger.url)
  const errors: string[] = []
  const told = Promise.withResolvers<void>()
  const onInterrupted = ({ detail }: { readonly detail: string }) => {
    if (errors.push(detail) === 3) told.resolve()
  }
  const following = clientOf(proxy).follow({ streams: 'clock', after: 'start', onInterrupted })
  try {
    for (let n = 0; n < stores.head; n++) await following.next()
    proxy.lead(original.url)
    proxy.cutAll()
    const next = following.next()
    await told.promise
    expect(errors.at(-1)).toMatch('has replaced it')
    proxy.lead(younger.url)
    await younger.store.append({ events: ticks(1), author: { agentId: 'writer' } })
    expect((await next).value?.position).toBe(stores.head + 1)
  } finally {
    await following.return()
    await younger.stop()
  }
})
