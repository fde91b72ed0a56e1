// The system of docker/compose.test.yml, as processes: five agents and the bridge work through a network that fails them.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { Lighthouse } from '../../client/src/node/lighthouse.js'
import { tokenOf } from '../support/running-server.js'
import { makeTempDirectory, removeTempDirectory } from '../support/temp-directory.js'
import { readCompose } from './compose-file.js'
import { ComposedSystem } from './composed-system.js'

const FILE = 'compose.test.yml'
const AGENTS = ['steady', 'slow', 'wrong', 'crashing', 'duplicating']

const directory = makeTempDirectory()
let system: ComposedSystem

beforeAll(async () => {
  system = await ComposedSystem.start(FILE, directory)
})

afterAll(async () => {
  await system?.end()
  removeTempDirectory(directory)
})

test('events of every agent and verdicts of the bridge reach the store, and nothing is lost or doubled', async () => {
  const { LIGHTHOUSE_JWT_SECRET: secret } =
    readCompose(FILE).services.find(({ name }) => name === 'lighthouse')?.set ?? {}
  const token = await tokenOf({ sub: 'operator', role: 'admin' }, secret)
  const lighthouse = new Lighthouse({ url: system.urlOf('lighthouse', 8765), token })
  const seen = new Map<string, number>()
  for await (const { agentId } of lighthouse.follow({ after: 'start', signal: AbortSignal.timeout(60_000) })) {
    seen.set(agentId, (seen.get(agentId) ?? 0) + 1)
    if ([...AGENTS.map(name => `${name}-1`), 'bridge'].every(name => (seen.get(name) ?? 0) >= 8)) break
  }
  const metrics = await (await fetch(system.urlOf('lighthouse', 9465).concat('/metrics'))).text()
  expect(metrics).toMatch(/lighthouse_events_appended_total\{[^}]*agent_id="steady-1"[^}]*\} [1-9]/)

  const ended = await system.end()
  for (const name of AGENTS) {
    expect([name, ended.get(name)?.code]).toEqual([name, 0])
    const rounds = (ended.get(name)?.lines ?? []).map(line => JSON.parse(line))
    for (const round of rounds)
      expect(round).toMatchObject({ agent: `${name}-1`, behaviour: name, lost: 0, doubled: 0 })
    const acknowledged = rounds.reduce((sum, round) => sum + round.acknowledged, 0)
    expect(acknowledged).toBeGreaterThanOrEqual(8)
    expect(Object.keys(rounds[0]?.verdicts ?? {})).not.toEqual([])
  }
  const network = JSON.parse(ended.get('network')?.lines.at(-1) ?? '{}')
  expect(network.connections).toBeGreaterThanOrEqual(6)
  expect(network.lost).toBeGreaterThan(0)
  expect(ended.get('lighthouse')?.code).toBe(0)
})
