// A volume that hangs and a byte that has flipped, under a real server: what is still read, and what ends it.
import { spawnSync } from 'node:child_process'
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { SmallVolume } from '../crash/small-volume.js'
import { isHere } from '../monitoring/process.js'
import { makeTempDirectory, removeTempDirectory } from '../support/temp-directory.js'
import { PATIENCE_MS, TriggerTrial } from './trigger-trial.js'
import type { WatchedServer } from './watched-server.js'

const { isAsked } = TriggerTrial
let trial: TriggerTrial
let volume: SmallVolume | string = 'it was not asked for'

beforeEach(() => {
  trial = new TriggerTrial()
})
afterEach(async () => {
  // First of all: a server on a frozen volume cannot end.
  if (typeof volume !== 'string') volume.thaw()
  await trial.end(expect.getState().currentTestName ?? '')
  if (typeof volume !== 'string') volume.unmount()
  volume = 'it was not asked for'
}, PATIENCE_MS)

const mounted = isAsked ? SmallVolume.mount(64 << 20) : volume
const noVolume = typeof mounted === 'string' ? mounted : isHere('fsfreeze') ? undefined : 'fsfreeze is not here'
if (isAsked && noVolume !== undefined) process.stdout.write(`triggers: no frozen volume, for ${noVolume}\n`)
if (typeof mounted !== 'string') mounted.unmount()
// skip: only root of a Linux freezes a volume, which is told above
const withVolumes = isAsked && noVolume === undefined ? test : test.skip

withVolumes(
  'a volume that hangs makes the store read-only, and a new start takes appends again',
  async () => {
    const frozen = SmallVolume.mount(64 << 20) as SmallVolume
    volume = frozen
    const env = { LIGHTHOUSE_STORAGE_TIMEOUT_SECONDS: '5' }
    const server = await trial.start({ directory: `${frozen.path}/data`, env })
    try {
      const trouble = { causes: ['storage_hung', 'storage_failed'], what: 'the volume is frozen' } as const
      const cause = await trial.strikes(trouble, () => frozen.freeze())
      expect(await signalOf(server, 'storage_hung')).toBe(2)
      const readsBefore = server.reads
      await server.until(() => server.reads > readsBefore + 20)
      frozen.thaw()
      server.note('the volume is thawed, and the store does not try')
      await server.until(async () => (await signalOf(server, 'storage_hung')) === 0)
      await server.restart()
      await server.becomes('NORMAL')
      await trial.holds(cause)
    } finally {
      frozen.thaw()
    }
  },
  PATIENCE_MS,
)

// skip: it takes minutes that nobody asked for
const whenAsked = isAsked ? test : test.skip

whenAsked(
  'a byte of a sealed segment that has flipped pages once, and stays until an operator has seen to it',
  async () => {
    const kept = makeTempDirectory()
    trial.after(() => removeTempDirectory(kept))
    const server = await trial.start({})
    await seal(server)
    const segment = firstSegment(server.server.directory)
    copyFileSync(segment, join(kept, 'segment'))
    await trial.strikes({ causes: ['integrity'], what: 'a byte has flipped, and somebody reads there' }, async () => {
      flip(segment)
      await (await server.ask('GET', '/v1/events?stream=large&limit=1000')).arrayBuffer()
    })
    await server.ask('POST', '/v1/admin/mode', { mode: 'NORMAL', reason: 'nobody has looked' })
    server.note('an operator says that it is over, and it is not')
    await server.restart()
    const readsBefore = server.reads
    await server.until(() => server.reads > readsBefore + 100)
    expect(server.mode).toBe('EMERGENCY')
    expect(server.alerts.pages).toEqual(['trigger integrity'])
    await server.restart(directory => {
      copyFileSync(join(kept, 'segment'), segment)
      expect(lighthouse('repair', directory, '--yes')).toMatchObject({ status: 0 })
      expect(lighthouse('verify', directory)).toMatchObject({ status: 0 })
      server.note('the segment is put back, and repair has looked at every byte')
    })
    await server.becomes('NORMAL')
    await trial.holds('integrity')
  },
  PATIENCE_MS,
)

/** What is more than eight megabytes is sealed when the server ends. */
async function seal(server: WatchedServer): Promise<void> {
  const data = { filling: 'x'.repeat(500_000) }
  for (let n = 0; n < 20; n++) {
    const answer = await server.ask('POST', '/v1/events', { type: 'Filled', stream: 'large', data })
    expect(answer.status).toBe(201)
    await answer.arrayBuffer()
  }
  await server.restart()
}

function firstSegment(directory: string): string {
  const folder = join(directory, 'segments')
  const [first = ''] = readdirSync(folder)
    .filter(name => name.endsWith('.log'))
    .sort()
  return join(folder, first)
}

/** In the middle of a file of which most is the filling of large events. */
function flip(file: string): void {
  const bytes = readFileSync(file)
  const at = bytes.indexOf('x'.repeat(1_000), bytes.length / 4) + 500
  bytes[at] = (bytes[at] as number) ^ 1
  writeFileSync(file, bytes)
}

function lighthouse(...args: readonly string[]): { readonly status: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [resolve('bin/lighthouse.mjs'), ...args])
  return { status, said: `${stdout}${stderr}` }
}

async function signalOf(server: WatchedServer, cause: string): Promise<number> {
  const text = await (await server.ask('GET', '/metrics')).text()
  return Number(new RegExp(`^lighthouse_signal\\{.*cause="${cause}".*\\} (\\d+)$`, 'm').exec(text)?.[1])
}
