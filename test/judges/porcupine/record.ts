// Records a history of many clients against the real server, which is killed and whose clock is bent meanwhile.
import { Random } from '../../support/random.js'
import { until } from '../../support/until.js'
import { GroupClients } from './group-clients.js'
import type { Line } from './history.js'
import { LogClients } from './log-clients.js'
import { TriedServer } from './tried-server.js'

export interface Wanted {
  readonly seconds: number
  readonly seed: number
  /** So many operations between two faults, on average. */
  readonly faultEvery: number
}

export interface Recorded {
  readonly lines: readonly Line[]
  readonly kills: number
  readonly jumps: number
}

const LOG_CLIENTS = 8
const CONSUMERS = 5
const MINUTE = 60_000
/** Far less than the day for which keys are kept. */
const JUMPS = [-90 * MINUTE, -5_000, 0, 3_000, 60 * MINUTE, 180 * MINUTE]

export async function record({ seconds, seed, faultEvery }: Wanted): Promise<Recorded> {
  const random = new Random(seed)
  const lines: Line[] = []
  const server = await TriedServer.start()
  try {
    const end = performance.now() + seconds * 1_000
    const isOver = () => performance.now() > end
    const log = new LogClients(server, lines)
    const group = new GroupClients(server, lines)
    await group.define()
    const work: Promise<void>[] = [group.produce(isOver)]
    for (let client = 0; client < LOG_CLIENTS; client++) work.push(log.work(client, new Random(seed + client), isOver))
    for (let client = 0; client < CONSUMERS; client++)
      work.push(group.consume(10 + client, new Random(seed - client), isOver))
    const faults = { kills: 0, jumps: 0 }
    for (;;) {
      const next = lines.length + random.between(faultEvery / 2, faultEvery * 1.5)
      await until(() => isOver() || lines.length >= next, 1)
      if (isOver()) break
      if (random.chance(0.5)) {
        await server.kill()
        faults.kills++
      } else {
        await server.bend(random.pick(JUMPS))
        faults.jumps++
      }
    }
    await Promise.all(work)
    await group.end()
    await log.readAll(0)
    return { lines, ...faults }
  } finally {
    await server.stop()
  }
}
