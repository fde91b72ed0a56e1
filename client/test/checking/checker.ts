// Drives one client, of whichever language, through cuts and kills of its server, and judges what it has said.
import { World } from '../../../test/follow/world.js'
import { tokenOf } from '../../../test/support/running-server.js'
import { Lighthouse } from '../../src/lighthouse.js'
import { CuttingProxy } from '../support/cutting-proxy.js'
import { ClientProcess, type Kind } from './client-process.js'
import { type Faults, judged, type Logged, type Verdict } from './judging.js'

export interface Effort extends Faults {
  readonly seed: number
}

/** An append and its answer are about 700 bytes, an event that is followed as many: cuts come between and within them. */
const BYTES_BETWEEN_CUTS = [500, 24_000] as const

/** Far beyond every delay of a retry and a start of the server under load. */
const PATIENCE_MS = 60_000

export async function check(
  kind: Kind,
  effort: Effort,
  tell: (text: string) => void = () => undefined,
): Promise<Verdict> {
  const world = await World.begin()
  const { seed, cuts } = effort
  const proxy = await CuttingProxy.before(await world.url(), { seed, bytes: BYTES_BETWEEN_CUTS, cuts })
  const client = new ClientProcess(kind)
  const token = await tokenOf({ sub: 'checked', role: 'system_agent' })
  let verdict: Verdict
  try {
    client.tell({ do: 'begin', url: proxy.url, token })
    await client.until(() => client.said.acknowledged.length > 0, PATIENCE_MS)
    for (let kill = 1; kill <= effort.kills; kill++) {
      const due = Math.floor((cuts * kill) / (effort.kills + 1))
      await client.until(() => proxy.cuts >= due, PATIENCE_MS)
      await world.kill()
      proxy.lead(await world.url())
      tell(`${proxy.cuts} cuts, ${world.kills} kills, ${client.said.acknowledged.length} events acknowledged`)
      // It must have come back before the next kill, or two would count as one.
      const before = client.said.acknowledged.length
      await client.until(() => client.said.acknowledged.length > before, PATIENCE_MS)
    }
    await client.until(() => proxy.cuts >= cuts, PATIENCE_MS)
    verdict = await judgment(client, await world.url(), token, effort, { cuts: proxy.cuts, kills: world.kills })
  } finally {
    await client.end()
    await proxy.stop()
    await world.end()
  }
  return { ...verdict, wrong: [...verdict.wrong, ...world.complaints] }
}

async function judgment(
  client: ClientProcess,
  url: string,
  token: string,
  asked: Faults,
  injected: Faults,
): Promise<Verdict> {
  client.tell({ do: 'stop' })
  await client.until(() => client.hasStopped, PATIENCE_MS)
  const log = await wholeLog(url, token)
  client.tell({ do: 'finish', last: log.at(-1)?.position ?? 0 })
  // What did not come within this time is a gap, and which one is the more telling finding.
  const unfinished = await client
    .until(() => client.hasFinished, PATIENCE_MS)
    .then(
      () => [],
      (error: Error) => [error.message],
    )
  const verdict = judged(client.said, log, asked, injected)
  return { ...verdict, wrong: [...verdict.wrong, ...unfinished] }
}

/** Past the proxy, and read by pages of their own: the judge must not lean on what it judges. */
async function wholeLog(url: string, token: string): Promise<Logged[]> {
  const direct = new Lighthouse({ url, token })
  const log: Logged[] = []
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await direct.readPage({ streams: 'check/*', limit: 1_000, ...(cursor ? { cursor } : {}) })
    for (const { id, position, data } of page.events) log.push({ id, position, mark: String(data['mark']) })
    cursor = page.next
  }
  return log
}
