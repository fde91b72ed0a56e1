// The server is killed with -9 while it writes snapshots, again and again: whatever is there next time is whole, and answers are right.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { RunningServer, tokenOf } from '../support/running-server.js'
import { makeTempDirectory, removeTempDirectory } from '../support/temp-directory.js'

const KILLS = 4
const FOLD = { filter: { streams: ['killed'] } }

async function ask(server: RunningServer, path: string, json?: object) {
  const token = await tokenOf({ sub: 'operator', role: 'admin' })
  const body = json === undefined ? {} : { method: 'POST', body: JSON.stringify(json) }
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const answer = await fetch(server.url + path, { headers, ...body })
  expect(answer.status).toBeLessThan(300)
  // biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what this is about to find out.
  return (await answer.json()) as any
}

/** Bytes that do not compress, so that a snapshot takes a while to be written. */
const noise = (n: number) =>
  Buffer.from(Array.from({ length: 30_000 }, (_, at) => (at * 7 + n * 13 + at * at * n) % 251))

test(`a snapshot is there or not, never half, through ${KILLS} kills`, async () => {
  const directory = makeTempDirectory()
  let appended = 0
  let acknowledged = 0
  try {
    for (let kill = 0; kill < KILLS; kill++) {
      const server = await RunningServer.start({}, directory)
      const files = readdirSync(join(directory, 'snapshots'))
      expect(files.filter(name => name.endsWith('.tmp'))).toEqual([])
      const { snapshots, folds } = await ask(server, '/v1/snapshots')
      // What was answered is there; what was not may be.
      expect(snapshots[0]?.position ?? 0).toBeGreaterThanOrEqual(acknowledged)
      expect(folds).toHaveLength(acknowledged === 0 ? folds.length : 1)
      const [plain, used] = [
        await ask(server, '/v1/replay', { ...FOLD, snapshots: false }),
        await ask(server, '/v1/replay', FOLD),
      ]
      expect(JSON.stringify(used.state)).toBe(JSON.stringify(plain.state))
      expect(used.snapshot?.position ?? 0).toBeGreaterThanOrEqual(acknowledged)
      for (const { id } of snapshots.slice(0, 3)) {
        expect(await ask(server, `/v1/snapshots/${id}/verify`, {})).toMatchObject({ verdict: 'sound' })
      }
      expect(readdirSync(join(directory, 'snapshots', 'quarantine'))).toEqual([])
      const rounds = 2 + kill
      const working = (async () => {
        for (let round = 0; ; round++) {
          const data = { [`k${++appended}`]: noise(appended).toString('base64') }
          await ask(server, '/v1/events', { stream: 'killed', type: 'T', data })
          const making = ask(server, '/v1/snapshots', FOLD)
          if (round === rounds) setTimeout(() => void server.kill(), kill)
          acknowledged = (await making).snapshot.position
        }
      })()
      // It ends with the server.
      await expect(working).rejects.toThrow(/fetch failed|terminated|socket/)
      await server.kill()
    }
  } finally {
    removeTempDirectory(directory)
  }
}, 120_000)
