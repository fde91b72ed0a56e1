// A store taken out of a running server and put into another: real processes, killed in the middle too.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { RunningServer, tokenOf } from '../support/running-server.js'
import { makeTempDirectory, removeTempDirectory } from '../support/temp-directory.js'

const root = makeTempDirectory()
const at = (name: string) => join(root, name)
const QUOTA = { requestsPerMinute: 1e9, eventsPerMinute: 1e9, bytesPerMinute: 1e12, batch: 1_000 }
const LIGHTHOUSE_QUOTAS = JSON.stringify(
  Object.fromEntries(['guest', 'agent', 'expert_agent', 'system_agent', 'admin'].map(role => [role, QUOTA])),
)
const BATCHES = 8
/** The machine may be busy with other tests. */
const PATIENCE_MS = 180_000
/** An import may end before it is seen to have begun: then it is begun anew. */
const TRIES = 20
const EVENTS = BATCHES * 1_000 + 1
const servers: RunningServer[] = []
let token: string
let source: RunningServer

async function start(directory: string): Promise<RunningServer> {
  fs.mkdirSync(directory, { recursive: true })
  const server = await RunningServer.start({ LIGHTHOUSE_QUOTAS }, directory)
  servers.push(server)
  return server
}

function command(...args: string[]): ChildProcess {
  const env = { ...process.env, LIGHTHOUSE_TOKEN: token }
  return spawn(process.execPath, [resolve('dist/cli/main.js'), ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
}

async function lighthouse(...args: string[]) {
  const child = command(...args)
  let [out, err] = ['', '']
  child.stdout?.setEncoding('utf8').on('data', text => {
    out += text
  })
  child.stderr?.setEncoding('utf8').on('data', text => {
    err += text
  })
  const [status] = await once(child, 'close')
  return { status, out, err }
}

async function exportOf({ url }: RunningServer, name: string): Promise<string> {
  const { status, out, err } = await lighthouse('export', '--url', url)
  expect([status, err]).toEqual([0, ''])
  fs.writeFileSync(at(name), out)
  return out
}

async function append(path: string, body: object, key: string): Promise<{ events: { id: string }[]; id: string }> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': key }
  const answer = await fetch(source.url + path, { method: 'POST', headers, body: JSON.stringify(body) })
  expect(answer.status).toBe(201)
  return answer.json() as never
}

/** Kills the command in the middle: as soon as the condition holds. One that has ended by then proves nothing. */
async function kill(begin: () => ChildProcess, condition: () => boolean, undo: () => void): Promise<void> {
  for (let left = TRIES; left > 0; left--) {
    const child = begin()
    const closed = once(child, 'close')
    while (!condition() && child.exitCode === null) await new Promise(turn => setImmediate(turn))
    child.kill('SIGKILL')
    if ((await closed)[1] === 'SIGKILL') return
    undo()
  }
  throw new Error('no import was long enough to be killed')
}

/** Some of the import is written: where the log of an empty store has zeros there is something else. */
function holdsEvents(directory: string): boolean {
  const segments = join(directory, 'segments')
  if (!fs.existsSync(join(directory, 'IMPORTING'))) return false
  const [log] = fs.readdirSync(segments).filter(name => name.endsWith('.log'))
  if (log === undefined) return false
  const file = fs.openSync(join(segments, log), 'r')
  try {
    const bytes = Buffer.alloc(64)
    fs.readSync(file, bytes, 0, bytes.length, 8192)
    return bytes.some(byte => byte !== 0)
  } finally {
    fs.closeSync(file)
  }
}

beforeAll(async () => {
  token = await tokenOf({ sub: 'operator', role: 'admin' })
  source = await start(at('source'))
  let cause = ''
  for (let batch = 0; batch < BATCHES; batch++) {
    const events = Array.from({ length: 1_000 }, (_, n) => ({
      type: 'step.done',
      stream: `work/${n % 50}`,
      data: { batch, n, text: 'ü\u2028' },
      tags: [`b:${batch}`],
      ...(cause === '' ? {} : { causationId: cause }),
    }))
    cause = (await append('/v1/events/batch', { events }, `key-${batch}`)).events.at(-1)?.id as string
  }
  await append('/v1/events', { type: 'last', stream: 'work/0', data: {}, causationId: cause }, 'last')
  await exportOf(source, 'export.ndjson')
}, PATIENCE_MS)

afterAll(async () => {
  for (const server of servers) await server.end()
  removeTempDirectory(root)
})

test(
  'an import that is killed is no store; run again it is the store, to the byte',
  async () => {
    const importing = ['import', at('export.ndjson'), '--into', at('copy')]
    const undo = () => removeTempDirectory(at('copy'))
    await kill(
      () => command(...importing),
      () => holdsEvents(at('copy')),
      undo,
    )
    await expect(RunningServer.start({ LIGHTHOUSE_LOG_FORMAT: 'json' }, at('copy'))).rejects.toThrow(
      'UNFINISHED_IMPORT',
    )
    const { status, out } = await lighthouse(...importing)
    expect(status).toBe(0)
    expect(out).toMatch(/^[1-9][0-9,]* events copied, [1-9][0-9,]* events found there and the same; the head is \d+\n$/)
    const verified = await lighthouse('verify', at('copy'))
    expect(verified.out).toMatch(/^clean/)
    const copy = await start(at('copy'))
    expect(await exportOf(copy, 'copy.ndjson')).toBe(fs.readFileSync(at('export.ndjson'), 'utf8'))
    await copy.end()
  },
  PATIENCE_MS,
)

test(
  'an import into a running server, killed and run again, is there once, with its links',
  async () => {
    const target = await start(at('target'))
    const headers = { authorization: `Bearer ${token}` }
    const read = async (query: string) => (await fetch(`${target.url}/v1/events?${query}`, { headers })).json()
    const importing = ['import', at('export.ndjson'), '--url', target.url, '--map', at('map')]
    const begun = () => fs.existsSync(at('map')) && fs.statSync(at('map')).size > 0
    await kill(
      () => command(...importing),
      begun,
      () => fs.rmSync(at('map')),
    )
    const { status, out } = await lighthouse(...importing)
    expect([status, out]).toEqual([0, expect.stringContaining(`${EVENTS.toLocaleString('en-US')} events appended`)])
    const map = new Map(
      fs
        .readFileSync(at('map'), 'utf8')
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line) as { from: string; to: string })
        .map(({ from, to }) => [from, to]),
    )
    expect(map.size).toBe(EVENTS)
    const { events, head } = (await read('stream=work/*&order=desc&limit=1')) as { events: never[]; head: number }
    expect(head).toBe(EVENTS)
    const [last] = events as { type: string; causationId: string }[]
    expect(last?.type).toBe('last')
    expect([...map.values()]).toContain(last?.causationId)
  },
  PATIENCE_MS,
)

test('a token that may not read everything exports nothing', async () => {
  const own = await tokenOf({ sub: 'a', role: 'agent' })
  const { status, stderr, stdout } = spawnSync(
    process.execPath,
    [resolve('dist/cli/main.js'), 'export', '--url', source.url, '--token', own],
    { encoding: 'utf8' },
  )
  expect([status, stdout]).toEqual([3, ''])
  expect(stderr).toContain('admin.read')
})
