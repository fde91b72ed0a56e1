// Reads, pages, streams and follows of the client pass over damage where they are told to, and fail there otherwise.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { openEmbedded } from '../../src/backends/embedded/embedded-store.js'
import { RunningServer } from '../../test/support/running-server.js'
import { makeTempDirectory, removeTempDirectory } from '../../test/support/temp-directory.js'
import type { DamagedRange } from '../src/lighthouse.js'
import { clientOf } from './support/server-and-client.js'

const directory = makeTempDirectory()
let server: RunningServer | undefined

afterAll(async () => {
  await server?.stop()
  removeTempDirectory(directory)
})

/** Events 1 to 5 of one stream, of which the third is damaged. */
async function fill(): Promise<void> {
  const store = await openEmbedded({ directory, nodeId: 'n1', sealOnCloseBytes: 0 })
  for (let n = 1; n <= 5; n++) {
    const data = { text: n === 3 ? 'MARK-OF-THE-DAMAGED' : 'sound' }
    await store.append({ events: [{ type: 'told', stream: 'orders', data }], author: { agentId: 'a1' } })
  }
  await store.close()
  for (const name of readdirSync(join(directory, 'segments'))) {
    const path = join(directory, 'segments', name)
    const bytes = readFileSync(path)
    const at = bytes.indexOf('MARK')
    if (at >= 0 && name.endsWith('.log')) writeFileSync(path, bytes.fill('?', at, at + 1))
  }
}

test('each names what it passes over to the function it is given, and without one it fails', async () => {
  await fill()
  server = await RunningServer.start({}, directory)
  const lighthouse = clientOf(server)
  const told: DamagedRange[] = []
  const onDamaged = (range: DamagedRange) => void told.push(range)
  const come = async (events: AsyncIterable<{ readonly position: number }>) => {
    const positions: number[] = []
    for await (const { position } of events) if (positions.push(position) === 4) break
    return [positions, told.splice(0).map(({ from, to }) => [from, to])]
  }
  const whole = [[1, 2, 4, 5], [[3, 3]]]
  expect(await come(lighthouse.read({ onDamaged, limit: 10 }))).toEqual(whole)
  expect(await come(lighthouse.readStream('orders', { onDamaged }))).toEqual(whole)
  expect(await come(lighthouse.follow({ after: 'start', onDamaged }))).toEqual(whole)
  const page = await lighthouse.readPage({ onDamaged })
  expect([page.events.length, page.damaged, told]).toMatchObject([4, [{ from: 3, to: 3 }], [{ from: 3, to: 3 }]])
  for (const reading of [lighthouse.read(), lighthouse.follow({ after: 'start' })])
    await expect(come(reading)).rejects.toMatchObject({ code: 'DATA_CORRUPT' })
})
