// The systems that npm run bench:peers compares do the same work: what one of them keeps and answers, the others do.
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { isHere, PEERS } from '../../bench/peers/all-peers.js'
import { driveSeen, fill } from '../../bench/peers/drive.js'
import { BATCH, BATCH_CLIENTS, eachBatch, type PeerEvent, READ } from '../../bench/peers/events.js'
import { installed } from '../../bench/peers/packages.js'
import { syncsPerAppend } from '../../bench/peers/syncs.js'
import { type AppendWork, READS, type System } from '../../bench/peers/system.js'

const folder = resolve('bench/.data')
mkdirSync(folder, { recursive: true })
const directory = mkdtempSync(join(folder, 'trial-'))
// PostgreSQL runs as a user of its own, who has to reach what lies inside.
chmodSync(directory, 0o755)
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const ROUND = BATCH * BATCH_CLIENTS
const FILLED = 3
const filling = eachBatch(events => events)
const filled = Array.from({ length: FILLED * BATCH_CLIENTS }, (_, at) =>
  filling(at % BATCH_CLIENTS, Math.floor(at / BATCH_CLIENTS)),
).flat()
const matching = (matches: (event: PeerEvent) => boolean) => filled.filter(matches).length
const FOUND = {
  all: filled.length,
  stream: matching(({ stream }) => stream === READ.stream),
  type: matching(({ type }) => type === READ.type),
  tag: matching(({ tags }) => tags.includes(READ.tag)),
}

/** As many as have been appended, by whichever of its readings finds everything. */
async function kept(system: System): Promise<number | undefined> {
  return system.reading('all')?.()
}

async function appended(system: System, work: AppendWork, turns: number): Promise<void> {
  const clients = await system.appending(work)
  for (let turn = 0; turn < turns; turn++) {
    await Promise.all(Array.from({ length: work.clients }, (_, client) => clients.append(client, turn)))
  }
  await clients.close()
}

for (const peer of PEERS) {
  const without = isHere(peer) ? '' : ' (skipped: it is not here; npm run tools -- peers)'
  // skip: the peers are installed for the bench alone, by npm run tools -- peers
  const run = isHere(peer) ? test : test.skip
  run(
    `${peer.name} keeps what each kind of work appends, finds it by stream, type and tag, and refuses a stale claim${without}`,
    async () => {
      const system = await peer.start(mkdtempSync(join(directory, `${peer.name}-`)))
      try {
        await fill(system, FILLED)
        for (const kind of READS) expect((await system.reading(kind)?.()) ?? FOUND[kind]).toBe(FOUND[kind])

        await appended(system, { kind: 'singles', clients: 4, way: 'http' }, 2)
        await appended(system, { kind: 'shared', clients: 16, way: 'socket' }, 1)
        await appended(system, { kind: 'shared', clients: 2, way: 'client' }, 1)
        await appended(system, { kind: 'shared', clients: 2, way: 'appender' }, 1)
        await appended(system, { kind: 'batches', clients: BATCH_CLIENTS, way: 'json' }, 1)
        const before = (await kept(system)) ?? 4 * ROUND + 28
        expect(before).toBe(4 * ROUND + 28)

        const claims = await system.appending({ kind: 'conditional', clients: 1, way: 'http' })
        await claims.append(0, 0)
        const stale = system.known[0] as number
        await claims.append(0, 1)
        system.known[0] = stale
        await expect(claims.append(0, 2)).rejects.toThrow()
        await claims.close()
        expect((await kept(system)) ?? before + 2).toBe(before + 2)

        const seen = await driveSeen(system, 0.1)
        if (seen !== undefined) expect(seen.operations).toBe(50)
      } finally {
        await system.stop()
      }
    },
    60_000,
  )
}

const traceable = installed('strace') !== undefined
const durable = PEERS.filter(isHere)
// skip: a machine may have no strace, which counts the syncs
const counting = traceable ? test : test.skip
counting(
  `no system acknowledges an append that it has not synced${traceable ? '' : ' (skipped: strace is not here)'}`,
  async () => {
    for (const peer of durable) {
      const system = await peer.start(mkdtempSync(join(directory, `${peer.name}-`)))
      try {
        expect(await syncsPerAppend(system)).toBeGreaterThanOrEqual(1)
      } finally {
        await system.stop()
      }
    }
  },
  60_000,
)
