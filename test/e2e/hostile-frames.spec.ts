// Thousands of hostile clients of the stream: none brings the server down, each is closed as it must be, and whoever behaves notices nothing.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { encodeMessagePack } from '../../src/record/codec/writer.js'
import { tries } from '../support/effort.js'
import { Random } from '../support/random.js'
import { binary, handshakeBytes, type Outcome, RawStream, text } from '../support/raw-stream.js'
import { RunningServer, tokenOf } from '../support/running-server.js'
import { StreamClient } from '../support/stream-client.js'
import { type End, HOSTILE, type Hostility } from './hostile-frames.js'

const EACH = tries(150, 50)
const AT_ONCE = 8
const LIMITLESS = { requestsPerMinute: 1e9, eventsPerMinute: 1e9, bytesPerMinute: 1e12, batch: 1_000 }

let server: RunningServer
let authorization: string
beforeAll(async () => {
  const LIGHTHOUSE_QUOTAS = JSON.stringify({ system_agent: LIMITLESS })
  server = await RunningServer.start({ LIGHTHOUSE_QUOTAS })
  authorization = `Bearer ${await tokenOf({ sub: 'a', role: 'system_agent' })}`
})
afterAll(() => server.stop())

/** How one hostile client ended. */
async function attack(
  { ends, frames, handshake, form = 'json', stranger = false }: Hostility,
  random: Random,
): Promise<End> {
  const good = {
    ...(stranger ? undefined : { Authorization: authorization }),
    'Sec-WebSocket-Protocol': `lighthouse.v1.${form}`,
  }
  const client = await RawStream.open(server.url, handshake?.(random, good) ?? handshakeBytes({ headers: good }))
  try {
    if (ends.includes('cut')) {
      if (frames === undefined) return 'cut'
      await client.outcome(({ texts }) => texts.length > 0)
      client.write(...frames(random))
      return 'cut'
    }
    const ping = { type: 'ping' }
    if (frames !== undefined) client.write(...frames(random))
    if (ends.includes('answered'))
      client.write(form === 'json' ? text(JSON.stringify(ping)) : binary(encodeMessagePack(ping)))
    return endOf(await client.outcome(outcome => endOf(outcome) !== undefined)) ?? 0
  } finally {
    client.cut()
  }
}

function endOf({ status, code, texts }: Outcome): End | undefined {
  if (status !== undefined && status !== 101) return status
  if (code !== undefined) return code
  return texts.some(one => one.includes('heartbeat')) ? 'answered' : undefined
}

test(`${Object.keys(HOSTILE).length} kinds of hostile clients, ${EACH} of each`, async () => {
  const seed = Number(process.env['HOSTILE_SEED'] ?? Date.now() % 1_000_000)
  const random = new Random(seed)
  const healthy = await StreamClient.open(server.url, { authorization })
  healthy.send({ type: 'subscribe', id: 'healthy', after: 'start', filter: { streams: ['healthy'] } })
  const wrong: string[] = []
  const jobs = Object.entries(HOSTILE).flatMap(([name, hostility]) =>
    Array.from({ length: EACH }, () => ({ name, hostility })),
  )
  let appended = 0
  const worker = async () => {
    for (let job = jobs.pop(); job !== undefined; job = jobs.pop()) {
      const end = await attack(job.hostility, random)
      if (!job.hostility.ends.includes(end)) wrong.push(`${job.name}: ${end}`)
      if (jobs.length % 20 !== 0) continue
      healthy.send({ type: 'append', id: `h${appended++}`, events: [{ type: 'T', stream: 'healthy', data: {} }] })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  expect({ seed, wrong: [...new Set(wrong)] }).toEqual({ seed, wrong: [] })
  expect(await healthy.all('appended', appended)).toHaveLength(appended)
  const events = await healthy.all('event', appended)
  expect(events.map(({ event }) => event.revision)).toEqual(Array.from({ length: appended }, (_, n) => n))
  expect(server.running).toBe(true)
  await healthy.close()
  expect(server.lines.filter(line => /"level":"(error|fatal)"/.test(line))).toEqual([])
}, 120_000)
