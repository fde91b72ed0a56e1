// `lighthouse export` and `lighthouse import` as an operator meets them: on real directories, with their words and exit codes.
import { once } from 'node:events'
import fs from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { makeTempDirectory, removeTempDirectory } from '../../test/support/temp-directory.js'
import { openEmbedded } from '../backends/embedded/embedded-store.js'
import { verifyStore } from '../backends/embedded/verify-store.js'
import { SERVICE_AGENT } from '../contract/check/check-append.js'
import type { NewEvent } from '../contract/event.js'
import { run } from './run.js'

let root: string
beforeEach(() => {
  root = makeTempDirectory()
})
afterEach(() => removeTempDirectory(root))

const at = (name: string) => join(root, name)
const event = (parts: Partial<NewEvent> = {}): NewEvent => ({ type: 't', stream: 's', data: { n: 1 }, ...parts })

async function words(...args: string[]) {
  const out: string[] = []
  const err: string[] = []
  const status = await run(args, { out: text => out.push(text), err: text => err.push(text) })
  return { status, out: out.join('\n'), err: err.join('\n') }
}

/** A store with a key, a link, a stream of the service and two agents; and its export in a file. */
async function source(): Promise<string> {
  const store = await openEmbedded({ directory: at('source'), nodeId: 'source' })
  const first = await store.append({ events: [event(), event({ stream: 'u' })], author: { agentId: 'a' }, key: 'k' })
  const cause = first.events[1]?.id as string
  await store.append({ events: [event({ stream: '$own' })], author: { agentId: SERVICE_AGENT } })
  await store.append({ events: [event({ causationId: cause, tags: ['x'] })], author: { agentId: 'b' } })
  await store.close()
  return exportOf('source')
}

async function exportOf(name: string): Promise<string> {
  const { status, out, err } = await words('export', at(name))
  expect([status, err]).toEqual([0, ''])
  const file = at(`${name}.ndjson`)
  fs.writeFileSync(file, `${out}\n`)
  return file
}

async function eventsIn(name: string) {
  const store = await openEmbedded({ directory: at(name), nodeId: 'x' })
  const found = []
  for await (const of of store.read({})) found.push(of)
  await store.close()
  return found
}

test('what is exported and imported is exported the same, and verify finds nothing', async () => {
  const file = await source()
  expect(await words('import', file, '--into', at('copy'))).toMatchObject({
    status: 0,
    out: '4 events copied; the head is 4',
  })
  const again = await words('import', file, '--into', at('copy'))
  expect(again.out).toBe('0 events copied, 4 events found there and the same; the head is 4')
  expect(fs.readFileSync(await exportOf('copy'), 'utf8')).toBe(fs.readFileSync(file, 'utf8'))
  expect(await verifyStore(at('copy'))).toMatchObject({ clean: true, findings: [] })
})

test('what begins later than a new store does leaves nothing behind', async () => {
  await source()
  const { out } = await words('export', at('source'), '--after', '2')
  fs.writeFileSync(at('later.ndjson'), `${out}\n`)
  const { status, err } = await words('import', at('later.ndjson'), '--into', at('copy'))
  expect([status, err]).toEqual([3, expect.stringContaining('line 1: position 3 does not go on at 1')])
  expect(fs.existsSync(at('copy'))).toBe(false)
})

test('a file that is cut leaves nothing behind, and says where', async () => {
  const file = await source()
  fs.writeFileSync(file, fs.readFileSync(file, 'utf8').split('\n').slice(0, 2).join('\n'))
  const { status, err } = await words('import', file, '--into', at('copy'))
  expect([status, fs.existsSync(at('copy'))]).toEqual([3, false])
  expect(err).toContain('line 3: the file is cut off')
  expect(err).toContain('Next: Check the file, and where it is to go.')
})

test('into a store with events of its own: behind them, under new ids, with its links; once, however often', async () => {
  const file = await source()
  const store = await openEmbedded({ directory: at('other'), nodeId: 'other' })
  await store.append({ events: [event({ stream: 'mine' })], author: { agentId: 'c' } })
  await store.close()
  const refused = await words('import', file, '--into', at('other'))
  expect([refused.status, refused.err]).toEqual([3, expect.stringContaining('line 1: position 1 is')])
  const told = '3 events appended under new ids and positions, 1 event of $ streams left out'
  const renumber = ['import', file, '--into', at('other'), '--renumber', '--map', at('map')]
  expect(await words(...renumber)).toMatchObject({ status: 0, out: told })
  expect(await words(...renumber)).toMatchObject({ status: 0, out: told })
  const found = await eventsIn('other')
  expect(found.map(({ stream, agentId }) => [stream, agentId])).toEqual([
    ['mine', 'c'],
    ['s', 'a'],
    ['u', 'a'],
    ['s', 'b'],
  ])
  const [, , cause, effect] = found
  expect(effect).toMatchObject({ causationId: cause?.id, tags: ['x'] })
  const old = await eventsIn('source')
  expect(effect?.occurredAt).toBe(old[3]?.timestamp)
  const map = fs.readFileSync(at('map'), 'utf8').trimEnd().split('\n')
  expect(map.map(line => JSON.parse(line))).toEqual(
    [0, 1, 3].map((from, to) => ({ from: old[from]?.id, to: found[to + 1]?.id })),
  )
})

test('CloudEvents, one a line, for other tools', async () => {
  await source()
  const { out } = await words('export', at('source'), '--format', 'cloudevents', '--after', '1')
  const lines = out.split('\n').map(line => JSON.parse(line))
  expect(lines.map(({ source: from, position }) => [from, position])).toEqual([
    ['/streams/u', '2'],
    ['/streams/$own', '3'],
    ['/streams/s', '4'],
  ])
})

test('an export waits for whoever reads it', async () => {
  const store = await openEmbedded({ directory: at('long'), nodeId: 'x' })
  const data = { text: 'x'.repeat(1_000) }
  await store.append({ events: Array.from({ length: 500 }, () => event({ data })), author: { agentId: 'a' } })
  await store.close()
  let [reading, most, pieces] = [0, 0, 0]
  const out = async () => {
    most = Math.max(most, ++reading)
    pieces++
    await new Promise(setImmediate)
    reading--
  }
  expect(await run(['export', at('long')], { out, err: text => expect(text).toBe('') })).toBe(0)
  expect([pieces > 5, most]).toEqual([true, 1])
})

test('an export of a store that has lost its end is none', async () => {
  const data = { text: 'x'.repeat(1_000) }
  const small = { segmentBytes: 50_000, sealOnCloseBytes: 0 }
  const store = await openEmbedded({ directory: at('long'), nodeId: 'x', ...small })
  const events = Array.from({ length: 40 }, () => event({ data }))
  for (let n = 0; n < 5; n++) await store.append({ events, author: { agentId: 'a' } })
  await store.close()
  const segments = fs.readdirSync(at('long/segments')).filter(name => name.endsWith('.log'))
  fs.rmSync(join(at('long/segments'), segments.sort().at(-1) as string))
  const { status, out, err } = await words('export', at('long'))
  expect([status, err]).toEqual([3, expect.stringContaining('is lost')])
  expect(out).not.toContain('"type":"end"')
})

/** What is exported from a server that answers so; `below` is a path under which it stands. */
async function exportedFrom(answer: RequestListener, below = '', ...more: string[]) {
  const server = createServer(answer)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${below}`
  try {
    return await words('export', '--url', url, '--token', 't', ...more)
  } finally {
    server.close()
  }
}

const FIRST = JSON.stringify({ type: 'event', event: { tags: [] } })
const END = JSON.stringify({ type: 'end', position: 1, count: 1 })

test('an export that is cut off on its way is told as such, and no half line of it is printed', async () => {
  const cut: RequestListener = (request, answer) => {
    answer.write(`${FIRST}\n${FIRST.slice(0, 20)}`, () =>
      request.url?.includes('after=1') === true ? answer.end() : answer.destroy(),
    )
  }
  for (const more of [[], ['--after', '1'], ['--after', '1', '--format', 'cloudevents']]) {
    const { status, err } = await exportedFrom(cut, '', ...more)
    expect([status, err]).toEqual([3, expect.stringContaining('the export was cut off')])
  }
})

test.each(['{"type":"end"', END.slice(0, -1)])('an end that is cut off is none: %s', async half => {
  const { status, out, err } = await exportedFrom((_, answer) => void answer.end(`${FIRST}\n${half}`))
  expect([status, err]).toEqual([3, expect.stringContaining('the export was cut off')])
  expect(out).not.toContain('"end"')
})

test('a line that is too long for an export is told as such', async () => {
  const { status, err } = await exportedFrom((_, answer) => void answer.end('x'.repeat(17 * 1024 * 1024)))
  expect([status, err]).toEqual([3, expect.stringContaining('a line has more than 16777216 bytes')])
  expect(err).not.toContain('cut off')
})

test.each(['/lights', '/lights/'])('a server below the path %s is asked there', async below => {
  const asked: (string | undefined)[] = []
  const { status, out } = await exportedFrom((request, answer) => {
    asked.push(request.url)
    answer.end(`${FIRST}\n${END}\n`)
  }, below)
  expect([status, out, asked]).toEqual([0, `${FIRST}\n${END}`, ['/lights/v1/export?after=0']])
})

test('what is no file is not imported, and nothing is made of it', async () => {
  for (const file of [at('nowhere'), root, '/dev/null']) {
    const { status, err } = await words('import', file, '--into', at('copy'))
    expect([status, err]).toEqual([
      3,
      expect.stringMatching(/^The request breaks a rule: .* (cannot be read|is no plain file)/),
    ])
  }
  const { status, err } = await words('import', await source(), '--into', at('source'), '--renumber', '--map', root)
  expect([status, err]).toEqual([3, expect.stringMatching(/^That could not be done: EISDIR/)])
  expect(fs.existsSync(at('copy'))).toBe(false)
})

test('what is no store is not made one', async () => {
  const file = await source()
  for (const args of [
    ['export', at('nowhere')],
    ['import', file, '--into', at('nowhere'), '--renumber'],
  ]) {
    expect((await words(...args)).status).toBe(3)
    expect(fs.existsSync(at('nowhere'))).toBe(false)
  }
  expect(await words('import', at('no-file'), '--into', at('copy'))).toMatchObject({ status: 3 })
})

test.each([
  [['export']],
  [['export', 'a', 'b']],
  [['export', 'a', '--url', 'http://b']],
  [['export', 'a', '--after', 'start']],
  [['export', 'a', '--format', 'xml']],
  [['export', '--url', 'nowhere', '--token', 't']],
  [['export', '--url', 'http://127.0.0.1:1']],
  [['export', 'a', '--colour']],
  [['import']],
  [['import', 'a']],
  [['import', 'a', 'b', '--into', 'c']],
  [['import', 'a', '--into', 'b', '--url', 'http://c']],
  [['import', 'a', '--into', 'b', '--map', 'm']],
])('not understood: %j', async args => {
  const see = `See lighthouse ${args[0]} --help`
  expect(await words(...args)).toMatchObject({
    status: 2,
    out: '',
    err: expect.stringMatching(new RegExp(`^[^\\n]+\\n${see}$`)),
  })
})
