// Work on a whole store as its disk sees it: what is read is counted, about as much as there is.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { makeTempDirectory, removeTempDirectory } from '../../../test/support/temp-directory.js'
import { openEmbedded } from '../../backends/embedded/embedded-store.js'
import { verifyStore } from '../../backends/embedded/verify-store.js'
import { bytesBelow, WatchedDisk } from './watched-disk.js'

const directory = makeTempDirectory()

beforeAll(async () => {
  const store = await openEmbedded({ directory, nodeId: 'n', allowUnsafeFilesystem: true })
  const events = Array.from({ length: 100 }, () => ({ type: 'Told', stream: 's', data: { text: 'x'.repeat(10_000) } }))
  await store.append({ events, author: { agentId: 'a' } })
  await store.close()
})

afterAll(() => removeTempDirectory(directory))

test('a verification reads what lies in the directory, so the bar fills', async () => {
  let read = 0
  const report = await verifyStore(directory, { disk: new WatchedDisk(bytes => (read += bytes)) })
  const total = await bytesBelow(directory)
  expect(report.clean).toBe(true)
  expect(total).toBeGreaterThan(1e6)
  expect(read / total).toBeGreaterThan(0.5)
})

test('what is not there counts as nothing', async () => {
  expect(await bytesBelow(`${directory}/nothing`)).toBe(0)
})
