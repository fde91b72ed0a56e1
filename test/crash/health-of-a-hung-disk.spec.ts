// A disk that does not come back: every probe answers meanwhile, because none of them waits for a disk.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { FakeDisk } from '../support/fake-disk.js'
import { HeldDisk } from '../support/held-disk.js'
import { tokenOf } from '../support/running-server.js'
import { type ServerInProcess, startOn } from '../support/server-on-a-disk.js'

const COMPONENTS = ['', '/detailed', '/event_store', '/storage', '/network', '/memory'].map(name => `/health${name}`)
/** Of appends that wait, so that the probes come to a server that has much in hand. */
const WAITING = 500

let disk: HeldDisk
let server: ServerInProcess
let token: string

beforeAll(async () => {
  disk = new HeldDisk(new FakeDisk({ directories: ['/data'] }))
  server = await startOn(disk, { directory: '/data', openFiles: 1, pageCacheBytes: 4_096 })
  token = await tokenOf({ sub: 'operator', role: 'admin' })
})
afterAll(async () => {
  disk.release()
  await server.stop()
})

test('the probes and every component answer while writes and reads hang, and appends wait', async () => {
  const append = () =>
    server.store.append({ events: [{ type: 'Told', stream: 's', data: {} }], author: { agentId: 'a1' } })
  await append()
  disk.hold({ reads: true })
  let answered = 0
  const waiting = Array.from({ length: WAITING }, () => append().then(() => answered++))
  await disk.arrived()
  const headers = { authorization: `Bearer ${token}` }
  const ask = async (path: string) => {
    const answer = await fetch(server.url + path, { headers })
    return { path, status: answer.status, body: await answer.json() }
  }
  for (let round = 0; round < 3; round++) {
    const answers = await Promise.all(['/livez', '/readyz', ...COMPONENTS].map(ask))
    for (const { path, status, body } of answers) {
      expect({ path, isKnown: [200, 503].includes(status) }).toEqual({ path, isKnown: true })
      expect(body).toHaveProperty('status')
    }
    expect(answers[0]?.status).toBe(200)
  }
  expect(answered).toBe(0)
  disk.release()
  await Promise.all(waiting)
  expect(answered).toBe(WAITING)
})
