// `lighthouse backup` beside a real server under load, `lighthouse restore` elsewhere, and a server on what was restored.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { openEmbedded } from '../../src/backends/embedded/embedded-store.js'
import { RunningServer, tokenOf } from '../support/running-server.js'
import { makeTempDirectory, removeTempDirectory } from '../support/temp-directory.js'
import { until } from '../support/until.js'

const WRITERS = 20
/** So small that there are many to copy; the server's own are 100 MB. */
const SMALL = { segmentBytes: 100_000, sealOnCloseBytes: 0, allowUnsafeFilesystem: true }
const SEGMENTS = 60
const TOLD = JSON.stringify({ type: 'Told', stream: 's', data: {} })

let directory: string
let server: RunningServer
let place: string
let headers: Record<string, string>
let stopped: boolean
let writers: Promise<void>[]
const stored = new Map<string, number>()

beforeEach(async () => {
  place = makeTempDirectory()
  directory = join(place, 'data')
  await grow()
  await serve()
})

afterEach(async () => {
  await hush()
  removeTempDirectory(place)
})

/** Years of a store in a second. */
async function grow(): Promise<void> {
  const store = await openEmbedded({ directory, nodeId: 'n1', ...SMALL })
  const events = Array.from({ length: 100 }, (_, n) => ({
    type: 'Grown',
    stream: `s${n % 7}`,
    data: { n, text: randomBytes(400).toString('hex') },
  }))
  for (let segment = 0; segment < SEGMENTS; segment++) await store.append({ events, author: { agentId: 'a' } })
  await store.close()
}

/** A server, and agents that append to it as fast as it answers. */
async function serve(): Promise<void> {
  server = await RunningServer.start({}, directory)
  const authorization = `Bearer ${await tokenOf({ sub: 'a', role: 'system_agent' })}`
  headers = { authorization, 'content-type': 'application/json' }
  stored.clear()
  stopped = false
  writers = Array.from({ length: WRITERS }, (_, writer) => write(writer))
}

async function hush(): Promise<void> {
  stopped = true
  await Promise.all(writers)
  await server.end()
}

async function write(writer: number): Promise<void> {
  for (let n = 0; !stopped; n++) {
    const events = Array.from({ length: 5 }, () => ({
      type: 'Told',
      stream: `writer_${writer}`,
      data: { n, text: 'lorem ipsum '.repeat(20) },
    }))
    const request = { method: 'POST', headers, body: JSON.stringify({ events }) }
    const answer = await fetch(`${server.url}/v1/events/batch`, request).catch(() => undefined)
    if (answer?.status !== 201) return
    const { events: told } = (await answer.json()) as { events: { id: string; position: number }[] }
    for (const { id, position } of told) stored.set(id, position)
  }
}

interface Ended {
  readonly status: number | null
  /** All that it wrote, and of that the data alone. */
  readonly out: string
  readonly data: string
}

function command(...args: string[]): { child: ChildProcess; done: Promise<Ended> } {
  const child = spawn(process.execPath, [resolve('dist/cli/main.js'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, data] = ['', '']
  for (const stream of [child.stdout, child.stderr]) stream.on('data', text => (out += String(text)))
  child.stdout.on('data', text => (data += String(text)))
  const done = once(child, 'close').then(([status]) => ({ status: status as number | null, out, data }))
  return { child, done }
}

async function json(...args: string[]) {
  const { status, out, data } = await command(...args, '--json').done
  expect([out, status]).toEqual([expect.stringContaining('{'), 0])
  return JSON.parse(data)
}

test('a backup under load holds everything that was acknowledged before it began, and a server starts on it', async () => {
  const backup = join(place, 'backup')
  await until(() => stored.size > 1_000)
  const first = await json('backup', directory, backup)
  expect(first.copied.files).toBe(first.manifest.files.length)
  expect(first.copied.files).toBeGreaterThan(SEGMENTS / 3)
  const before = stored.size
  await until(() => stored.size > before + 1_000)
  const acknowledged = new Map(stored)
  const second = await json('backup', directory, backup)
  expect([second.copied.files, second.kept]).toEqual([1, first.copied.files - 1])
  const { head, store } = second.manifest
  expect(head.position).toBeGreaterThanOrEqual(Math.max(...acknowledged.values()))

  const restored = join(place, 'restored')
  const report = await json('restore', backup, restored, '--verify')
  expect(report).toMatchObject({ restored: true, damaged: [], manifest: { store } })
  expect(report.verified).toMatchObject({ clean: true, head: head.position, chain: head.chain })
  await hush()
  const other = await RunningServer.start({}, restored)
  const lines = await fetch(`${other.url}/v1/events`, { headers: { ...headers, accept: 'application/x-ndjson' } })
  const found = new Map<string, number>()
  for (const line of (await lines.text()).trim().split('\n')) {
    const { event } = JSON.parse(line)
    if (event !== undefined) found.set(event.id, event.position)
  }
  const answer = await fetch(`${other.url}/v1/events`, { method: 'POST', headers, body: TOLD })
  await other.end()
  expect([...acknowledged].filter(([id, position]) => found.get(id) !== position)).toEqual([])
  expect([found.size, answer.status]).toEqual([head.position, 201])
}, 120_000)

test('a backup that is killed in the middle leaves the last complete one, and the next run completes it', async () => {
  const backup = join(place, 'backup')
  const copies = () => readdirSync(join(backup, 'files')).length
  const first = await json('backup', directory, backup)
  await hush()
  await grow()
  await serve()
  const { child, done } = command('backup', directory, backup)
  await until(() => copies() > first.copied.files + 3)
  child.kill('SIGKILL')
  expect((await done).status).toBe(null)
  const report = await json('restore', backup, join(place, 'restored'), '--verify')
  expect(report.verified).toMatchObject({ clean: true, head: first.manifest.head.position })

  const left = copies() - first.copied.files
  const second = await json('backup', directory, backup)
  expect(second.manifest.head.position).toBeGreaterThan(first.manifest.head.position)
  // What had been copied whole is not copied again; the one copy in progress may count among them.
  expect(second.copied.files).toBeLessThanOrEqual(second.manifest.files.length - first.copied.files - left + 3)
  expect(copies()).toBe(second.manifest.files.length)
  const again = await json('restore', backup, join(place, 'again'), '--verify')
  expect(again.verified).toMatchObject({ clean: true, head: second.manifest.head.position })
}, 120_000)

test('a restore that is killed in the middle is taken up again, and no server writes to what it left', async () => {
  const backup = join(place, 'backup')
  const restored = join(place, 'restored')
  const { manifest } = await json('backup', directory, backup)
  const { child, done } = command('restore', backup, restored)
  const segments = join(restored, 'segments')
  await until(() => existsSync(segments) && readdirSync(segments).length > 3)
  child.kill('SIGKILL')
  expect((await done).status).toBe(null)
  const started = await RunningServer.start({}, restored)
  const refused = await fetch(`${started.url}/v1/events`, { method: 'POST', headers, body: TOLD })
  await started.end()
  expect(refused.status).toBe(503)
  const { verified } = await json('restore', backup, restored, '--verify')
  expect(verified).toMatchObject({ clean: true, head: manifest.head.position, chain: manifest.head.chain })
}, 120_000)
