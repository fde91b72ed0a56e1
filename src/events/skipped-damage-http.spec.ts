// Reads that pass over damage because they asked to: every form of an answer names what it left out, where it lay.
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { EventSourceReader } from '../../test/support/event-source-reader.js'
import {
  ADMIN,
  bearerOf,
  jsonOf,
  type ServerUnderTest,
  startServer,
} from '../../test/support/http-server-under-test.js'
import { StreamClient } from '../../test/support/stream-client.js'
import { Settings } from '../config/settings.js'
import { WebSocketModule } from '../websocket/websocket.module.js'
import { EventsModule } from './events.module.js'

let server: ServerUnderTest

/** Events 1 to 9 of one stream, of which 3, 4 and 7 are damaged. */
beforeAll(async () => {
  server = await startServer([EventsModule, WebSocketModule])
  for (let n = 1; n <= 9; n++) {
    const text = [3, 4, 7].includes(n) ? 'MARK-OF-THE-DAMAGED' : 'sound'
    await jsonOf(server.call('/v1/events', { json: { stream: 'orders', type: 'told', data: { n, text } } }))
  }
  const { dataDir } = server.app.get(Settings, { strict: false })
  for (const name of fs.readdirSync(path.join(dataDir, 'segments'))) {
    const file = path.join(dataDir, 'segments', name)
    const bytes = fs.readFileSync(file)
    for (let at = bytes.indexOf('MARK'); at >= 0; at = bytes.indexOf('MARK', at + 1)) {
      const opened = fs.openSync(file, 'r+')
      fs.writeSync(opened, Buffer.from('?'), 0, 1, at)
      fs.closeSync(opened)
    }
  }
})
afterAll(() => server.stop())

const REASON = expect.stringContaining('hash')
const range = (from: number, to = from) => ({ from, to, reason: REASON })
const positions = (events: readonly { readonly position: number }[]) => events.map(({ position }) => position)
const page = (query: string) => jsonOf(server.call(`/v1/events?${query}`))

test('without the word a read fails at damage, and with it a page names what it passes over', async () => {
  expect(await page('limit=5')).toMatchObject({ code: 'DATA_CORRUPT' })
  expect(await page('onDamaged=fail')).toMatchObject({ code: 'DATA_CORRUPT' })
  expect(await page('onDamaged=never')).toMatchObject({ code: 'INVALID_REQUEST' })
  const whole = await page('onDamaged=skip')
  expect(positions(whole.events)).toEqual([1, 2, 5, 6, 8, 9])
  expect(whole.damaged).toEqual([range(3, 4), range(7)])
  expect(await page('after=7')).not.toHaveProperty('damaged')
  expect((await page('after=7&onDamaged=skip')).damaged).toEqual([])
})

test.each(['asc', 'desc'])(
  'over pages, read %s, each range is named once, by the page that passes over it',
  async order => {
    const met: unknown[] = []
    let cursor = ''
    for (;;) {
      const { events, damaged, next } = await page(`onDamaged=skip&limit=2&order=${order}${cursor}`)
      const rest = [...positions(events), ...damaged.map(({ from, to }: { from: number; to: number }) => [from, to])]
      met.push(rest)
      if (next === null) break
      cursor = `&cursor=${next}`
    }
    expect(met).toEqual(
      order === 'asc'
        ? [
            [1, 2],
            [5, 6, [3, 4]],
            [8, 9, [7, 7]],
          ]
        : [
            [9, 8],
            [6, 5, [7, 7]],
            [2, 1, [3, 4]],
          ],
    )
  },
)

test('a stream read by revision names it too, and a batch of CloudEvents in a header', async () => {
  const { events, damaged } = await jsonOf(server.call('/v1/streams/orders/events?onDamaged=skip'))
  expect([positions(events), damaged]).toEqual([
    [1, 2, 5, 6, 8, 9],
    [range(3, 4), range(7)],
  ])
  const accept = { accept: 'application/cloudevents-batch+json' }
  const answer = await server.call('/v1/events?onDamaged=skip', { headers: accept })
  expect(answer.headers.get('lighthouse-damaged')).toBe('3-4, 7')
  expect(await answer.json()).toHaveLength(6)
})

test('lines hold a frame where the damage lies, and none behind the last event of a limit', async () => {
  const lines = async (query: string) => {
    const answer = await server.call(`/v1/events?${query}`, { headers: { accept: 'application/x-ndjson' } })
    const frames = (await answer.text()).trim().split('\n')
    return frames.map(line => {
      const { type, event, from, to, problem } = JSON.parse(line)
      return event?.position ?? (type === 'damaged' ? [from, to] : (problem?.code ?? type))
    })
  }
  expect(await lines('onDamaged=skip')).toEqual([1, 2, [3, 4], 5, 6, [7, 7], 8, 9, 'end'])
  expect(await lines('onDamaged=skip&order=desc')).toEqual([9, 8, [7, 7], 6, 5, [3, 4], 2, 1, 'end'])
  expect(await lines('onDamaged=skip&limit=4')).toEqual([1, 2, [3, 4], 5, 6, 'end'])
  expect(await lines('')).toEqual([1, 2, 'DATA_CORRUPT'])
})

test('server-sent events and a subscription say it in a frame, and go on', async () => {
  const reader = await EventSourceReader.open(`${server.url}/v1/events?after=0&onDamaged=skip`, {
    authorization: bearerOf(ADMIN),
  })
  await reader.until('caughtUp')
  const told = await reader.all('damaged', 2)
  // A reader that comes back goes on behind the last event or caughtUp, so what is damaged needs no id of its own.
  expect(told.map(({ id, frame }) => [id, frame])).toEqual([
    [undefined, { type: 'damaged', ...range(3, 4) }],
    [undefined, { type: 'damaged', ...range(7) }],
  ])
  reader.close()

  const client = await StreamClient.open(server.url, { authorization: bearerOf(ADMIN) })
  client.send({ type: 'subscribe', id: 's', after: 0, onDamaged: 'skip' })
  expect(positions((await client.all('event', 6, 's')).map(({ event }) => event))).toEqual([1, 2, 5, 6, 8, 9])
  expect(await client.all('damaged', 2, 's')).toEqual([
    { type: 'damaged', id: 's', ...range(3, 4) },
    { type: 'damaged', id: 's', ...range(7) },
  ])
  expect((await client.next('caughtUp', 's')).position).toBe(9)
  client.socket.terminate()
})
