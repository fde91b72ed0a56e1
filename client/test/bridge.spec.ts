// The bridge of the examples, as a process: its verdicts and their trail, experts, pairs, and that the store is its memory.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type ServerInProcess, startFakeServer } from '../../test/support/server-on-a-disk.js'
import { BridgeProcess } from './support/bridge-process.js'

let server: ServerInProcess
let bridge: BridgeProcess

beforeAll(async () => {
  server = await startFakeServer()
  bridge = await BridgeProcess.before(server.url)
})

afterAll(async () => {
  await bridge.end('SIGTERM')
  await server.stop()
})

const ask = (path: string, body?: object | string) => bridge.ask(path, body)
const submit = (id: string, command: string) => ask('/commands', { id, agent: 'builder-1', command })

test('a command is approved, rejected or escalated, and its trail says why, each event caused by the one before', async () => {
  expect(await submit('build', 'npm run build')).toMatchObject([200, { verdict: 'approved' }])
  expect(await submit('wipe', 'rm -rf /')).toMatchObject([200, { verdict: 'rejected', reason: expect.any(String) }])
  expect(await submit('deploy', 'kubectl apply -f x.yml')).toMatchObject([200, { verdict: 'escalated' }])
  // Once more is the same command, not another.
  expect(await submit('build', 'npm run build')).toMatchObject([200, { verdict: 'approved', revision: 1 }])

  const [, trail] = await ask('/commands/wipe/trail')
  expect(trail.map(({ type }: { type: string }) => type)).toEqual(['CommandValidationRequested', 'CommandRejected'])
  expect(trail[1].causationId).toBe(trail[0].id)
})

test('of two experts one decides what was escalated, and the other is told that it is decided', async () => {
  await submit('migrate', 'sudo migrate')
  const decide = (expert: string) => ask('/commands/migrate/decision', { expert, allow: expert === 'expert-1' })
  const answers = await Promise.all(['expert-1', 'expert-2'].map(decide))
  expect(answers.map(([status]) => status).sort()).toEqual([200, 409])
  const [, trail] = await ask('/commands/migrate/trail')
  expect(trail.map(({ type }: { type: string }) => type)).toEqual([
    'CommandValidationRequested',
    'ValidationEscalated',
    'ExpertDecided',
  ])
})

test('a pair session is asked for, joined by the partner alone, and ended once', async () => {
  await ask('/pairs', { id: 'pair', by: 'builder-1', partner: 'tester-1', task: 'T-17' })
  expect((await ask('/pairs/pair/join', { agent: 'somebody' }))[0]).toBe(403)
  expect(await ask('/pairs/pair/join', { agent: 'tester-1' })).toMatchObject([200, { status: 'active' }])
  expect(await ask('/pairs/pair/end', {})).toMatchObject([200, { status: 'ended', outcome: 'done' }])
  expect((await ask('/pairs/pair/end', {}))[0]).toBe(409)
})

test('a bridge that was killed knows afterwards what it knew, for the store is its memory', async () => {
  await submit('kept', 'terraform plan')
  await ask('/pairs', { id: 'kept-pair', by: 'builder-1', partner: 'tester-1', task: 'T-18' })
  const known = () => Promise.all(['/commands/kept', '/pairs/kept-pair'].map(path => ask(path)))
  const before = await known()
  await bridge.end('SIGKILL')
  bridge = await BridgeProcess.before(server.url)
  expect(await known()).toEqual(before)
  expect(before[0]).toMatchObject([200, { verdict: 'escalated' }])
})

test('what is wrong is refused and stored nowhere', async () => {
  expect((await ask('/commands', { command: 'ls' }))[0]).toBe(400)
  expect((await ask('/commands', { id: 'a/b', agent: 'a', command: 'ls' }))[0]).toBe(400)
  expect((await ask('/commands/none'))[0]).toBe(404)
  expect((await ask('/nothing'))[0]).toBe(404)
  expect((await ask('/commands', 'x'))[0]).toBe(400)
})
