// The command line as an operator meets it: spawned, on real files, with its words and exit codes.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { AgedStore, EVENTS_A_DAY } from '../../test/support/aged-store.js'
import { ManualClock } from '../../test/support/manual-clock.js'
import { makeTempDirectory, removeTempDirectory } from '../../test/support/temp-directory.js'
import { OWN_STREAMS } from '../auth/access.js'
import { settingTable } from '../config/settings.js'
import { run } from './run.js'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
const directory = makeTempDirectory()
const clock = new ManualClock()

beforeAll(async () => {
  const aged = await AgedStore.open(undefined, directory, clock, { allowUnsafeFilesystem: true })
  for (let day = 0; day < 10; day++) await aged.day()
  while (await aged.store.maintenance.pass());
  await aged.store.close()
})

afterAll(() => removeTempDirectory(directory))

/** A copy to damage. */
function copy(): string {
  const to = join(makeTempDirectory(), 'data')
  fs.cpSync(directory, to, { recursive: true })
  return to
}

/** The command as it is installed, from its source. */
const command = ['--import', join(PROJECT, 'scripts', 'typescript.mjs'), join(PROJECT, 'src', 'cli', 'main.ts')]

function lighthouse(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...command, ...args], { encoding: 'utf8' })
  return { status, stdout, stderr }
}

async function words(...args: string[]) {
  const out: string[] = []
  const err: string[] = []
  const status = await run(args, { out: text => out.push(text), err: text => err.push(text) })
  return { status, out: out.join('\n'), err: err.join('\n') }
}

function segmentIn(at: string, folder: 'segments' | 'archive', index: number): string {
  const ending = folder === 'segments' ? '.log' : '.zst'
  const names = fs.readdirSync(join(at, folder)).filter(name => name.endsWith(ending))
  return join(at, folder, names.sort()[index] as string)
}

function flip(file: string, offset: number): void {
  const bytes = fs.readFileSync(file)
  bytes[offset] = (bytes[offset] as number) ^ 0xff
  fs.writeFileSync(file, bytes)
}

test('a healthy store: exit 0, clean, and the figures', () => {
  const { status, stdout, stderr } = lighthouse('verify', directory)
  expect(stderr).toBe('')
  expect(stdout).toContain('clean\n')
  expect(stdout).toContain(`10 segments (2 archived), 70 events, positions 1 to ${10 * EVENTS_A_DAY}`)
  expect(status).toBe(0)
})

test('a corrupt store: exit 1, the file, the byte, the position and the next step; then repaired', () => {
  const data = copy()
  flip(segmentIn(data, 'segments', 0), 4096 + 76 + 36 + 20)
  const position = 2 * EVENTS_A_DAY + 1
  const bad = lighthouse('verify', data)
  expect(bad.status).toBe(1)
  expect(bad.stdout).toMatch(
    /^CORRUPT: 1 finding\n {2}corrupt segments\/seg-0{14}15-\d{8}\.log at byte 4172, position 15:/,
  )
  expect(bad.stdout).toContain(`lighthouse repair ${data}`)
  const plan = lighthouse('repair', data)
  expect(plan.status).toBe(1)
  expect(plan.stdout).toContain('Nothing has been changed')
  expect(plan.stdout).toContain(`give up position ${position}`)
  const done = lighthouse('repair', data, '--yes')
  expect(done).toMatchObject({ status: 0, stdout: expect.stringContaining('1 position given up for good') })
  expect(lighthouse('verify', data)).toMatchObject({ status: 0, stdout: expect.stringContaining('accepted') })
  removeTempDirectory(join(data, '..'))
})

test('a damaged archive is named', async () => {
  const data = copy()
  flip(segmentIn(data, 'archive', 1), 200)
  const { status, out } = await words('verify', data)
  expect(status).toBe(1)
  expect(out).toContain('archive/seg-0000000000000008')
  removeTempDirectory(join(data, '..'))
})

test('JSON for scripts', async () => {
  const { out } = await words('verify', directory, '--json')
  expect(JSON.parse(out)).toMatchObject({ clean: true, findings: [], head: 10 * EVENTS_A_DAY })
  expect(JSON.parse((await words('repair', directory, '--json')).out)).toMatchObject({ applied: false, steps: [] })
})

describe('backup and restore', () => {
  const place = makeTempDirectory()
  const backup = join(place, 'backup')
  afterAll(() => removeTempDirectory(place))

  test('what was copied, what it holds, and how to restore it; a second time nothing is new', () => {
    const { status, stdout, stderr } = lighthouse('backup', directory, backup)
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(
      /^complete\ncopied 10 files, [\d.]+ MB; kept 0, removed 0\nstore [0-9a-f]{32}, positions 1 to 70,/,
    )
    expect(stdout).toContain(`lighthouse restore ${backup} `)
    const again = lighthouse('backup', directory, backup, '--json')
    expect(JSON.parse(again.stdout)).toMatchObject({
      copied: { files: 0 },
      kept: 10,
      manifest: { head: { position: 70 } },
    })
  })

  test('a restore says that it is one, and verifies it', () => {
    const { status, stdout, stderr } = lighthouse('restore', backup, join(place, 'data'), '--verify')
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^restored\n/)
    expect(stdout).toContain('verify: clean\n10 segments (2 archived), 70 events, positions 1 to 70')
    expect(lighthouse('verify', join(place, 'data'))).toMatchObject({ status: 0 })
  })

  test('a restore up to a position ends there, and says of which lineage it is and where that forked', async () => {
    const { status, out } = await words('restore', backup, join(place, 'cut'), '--to', '17', '--verify')
    expect([status, out]).toEqual([
      0,
      expect.stringMatching(/\nlineage [0-9a-f]{32}, forked from [0-9a-f]{32} at position 17\n/),
    ])
    expect(out).toContain('17 events, positions 1 to 17')
    expect(await words('restore', backup, join(place, 'never'), '--to', 'yesterday')).toMatchObject({
      status: 2,
      err: expect.stringContaining('--to is a position or a time'),
    })
    expect(await words('restore', backup, join(place, 'never'), '--to', '71')).toMatchObject({
      status: 3,
      err: expect.stringContaining('the backup ends with position 70'),
    })
    expect(fs.existsSync(join(place, 'never'))).toBe(false)
  })

  test('a damaged copy: exit 1, and its name', async () => {
    const [copy] = fs.readdirSync(join(backup, 'files')).filter(name => name.endsWith('.log'))
    flip(join(backup, 'files', copy as string), 5_000)
    const strict = await words('restore', backup, join(place, 'strict'), '--verify')
    expect(strict).toMatchObject({ status: 1, out: expect.stringContaining(`NOT RESTORED\nCORRUPT: 1 file`) })
    expect(strict.out).toContain(`  files/${copy}: `)
    const { status, out } = await words('restore', backup, join(place, 'loose'))
    expect([status, out]).toEqual([1, expect.stringMatching(/^restored\nCORRUPT: 1 file of the backup\n/)])
  })

  test('one damaged segment is put back, into the directory that is named or the one of the settings', async () => {
    const data = copy()
    const place = makeTempDirectory()
    const own = join(place, 'backup')
    await words('backup', directory, own)
    flip(segmentIn(data, 'segments', 1), 5_000)
    expect((await words('verify', data)).status).toBe(1)
    const at = String(Number(/seg-(\d+)/.exec(segmentIn(data, 'segments', 1))?.[1]) + 3)
    const done = await words('restore', '--segment', at, '--from', own, '--data', data)
    expect(done).toMatchObject({
      status: 0,
      err: '',
      out: expect.stringMatching(/^put back segments\/seg-\S+: positions/),
    })
    expect(done.out).toMatch(/\nkept quarantine\/seg-\S+\nNext: /)
    expect((await words('verify', data)).status).toBe(0)
    const again = lighthouse('restore', '--segment', at, own, data, '--json')
    expect(JSON.parse(again.stdout)).toMatchObject({ copied: false, kept: null })
    expect(await words('restore', '--segment', '0', own, data)).toMatchObject({ status: 2 })
    expect(await words('restore', '--segment', '99999', own, data)).toMatchObject({ status: 3 })
    for (const done of [place, join(data, '..')]) removeTempDirectory(done)
  })

  test('neither a backup in its store nor a store in its backup, however they are named', async () => {
    const data = copy()
    const link = join(place, 'link to data')
    fs.symlinkSync(data, link)
    for (const args of [
      ['backup', data, join(data, 'archive')],
      ['backup', data, join(link, 'not', 'yet')],
      ['backup', link, join(data, 'backup')],
      ['backup', data, dirname(data)],
      ['restore', backup, join(backup, 'data')],
    ]) {
      expect(await words(...args)).toMatchObject({ status: 3, err: expect.stringContaining(' lies in ') })
    }
    expect(fs.readdirSync(data).sort()).toEqual(fs.readdirSync(directory).sort())
    expect((await words('backup', link, join(place, 'by its link'))).status).toBe(0)
  })

  test('what cannot be done: exit 3, and why', async () => {
    expect(await words('backup', directory, directory)).toMatchObject({
      status: 3,
      err: expect.stringContaining('is a data directory'),
    })
    expect(await words('backup', join(place, 'mistyped'), backup)).toMatchObject({
      status: 3,
      err: expect.stringContaining('no data directory'),
    })
    expect(await words('restore', backup, directory)).toMatchObject({
      status: 3,
      err: expect.stringContaining('not empty'),
    })
  })
})

test('the output finds no room: exit 3, which is not that of a corrupt store', () => {
  const full = fs.openSync('/dev/full', 'w')
  const refused = spawnSync(process.execPath, [...command, 'help'], {
    encoding: 'utf8',
    stdio: ['ignore', full, 'pipe'],
  })
  fs.closeSync(full)
  expect([refused.status, refused.stderr]).toEqual([
    3,
    expect.stringMatching(/^That could not be done: ENOSPC[^\n]*\n$/),
  ])
})

test('who reads the output has gone, as head has after its lines: exit 3 without a word', async () => {
  const child = spawn(process.execPath, [...command, 'export', directory], {
    stdio: ['ignore', 'pipe', 'pipe'] as const,
  })
  child.stdout.destroy()
  let said = ''
  child.stderr.on('data', text => (said += String(text)))
  const [status] = await once(child, 'close')
  expect([status, said]).toEqual([3, ''])
})

test('a store in use: exit 3, who uses it, and how to look all the same', async () => {
  const data = copy()
  const aged = await AgedStore.open(undefined, data, clock, { allowUnsafeFilesystem: true })
  const refused = await words('verify', data)
  expect(refused).toMatchObject({ status: 3, err: expect.stringContaining(`in use by process ${process.pid} on `) })
  expect(refused.err).toContain(`lighthouse verify ${data} --live`)
  expect(await words('verify', data, '--live')).toMatchObject({ status: 0 })
  await aged.store.close()
  removeTempDirectory(join(data, '..'))
})

test.each([
  ...[[[]], [['frobnicate']], [['verify']], [['verify', 'a', 'b']], [['verify', 'a', '--yes']], [['backup', 'a']]],
  ...[[['backup', 'a', 'b', 'c']], [['backup', 'a', 'b', '--verify']], [['restore', 'a']]],
])('not understood: %j', async args => {
  expect(await words(...args)).toMatchObject({
    status: 2,
    out: '',
    err: expect.stringMatching(/^(Usage:|lighthouse).*/),
  })
})

test('help, version, and a directory that is no store', async () => {
  expect(await words('help')).toMatchObject({ status: 0, out: expect.stringContaining('Usage:') })
  expect((await words('version')).out).toMatch(/^\d+\.\d+\.\d+/)
  expect(await words('verify', join(directory, 'quarantine'))).toMatchObject({ status: 3 })
  expect(await words('verify', join(directory, 'nowhere'))).toMatchObject({ status: 3 })
})

test('config shows every setting there is and where it comes from, and of secrets only whether they are set', async () => {
  // In a folder of its own, because a secret from before could lie beside the store.
  const data = copy()
  const { status, out } = await words('config', '--data', data, '--port', '9000')
  const { developmentSecret, ...shown } = JSON.parse(out)
  expect([status, Object.keys(shown).sort()]).toEqual([0, Object.keys(settingTable).sort()])
  expect(shown).toMatchObject({
    allowedHosts: { value: [], from: 'default: allowedHosts in config/default.yaml' },
    logLevel: { value: 'debug', from: 'file: logLevel in config/development.yaml' },
    port: { value: 9000, from: 'flag: --port' },
    dataDir: { value: data, from: 'flag: --data' },
    jwtSecret: { value: '(not set)', from: 'default: jwtSecret in config/default.yaml' },
  })
  expect(shown.authOwn.value).toEqual(OWN_STREAMS)
  expect(developmentSecret.value).toBe('(not made)')
  const other = await words('config', '--colour', 'red')
  expect(other).toMatchObject({ status: 2, out: '', err: expect.stringContaining('there is no option --colour') })
  removeTempDirectory(join(data, '..'))
})

test('a token without a server there: exit 3, and no secret is made', async () => {
  const data = copy()
  const { status, out, err } = await words('token', '--agent', 'a', '--data', data)
  expect([status, out, err]).toEqual([3, '', expect.stringContaining('Next: start the server first')])
  expect(fs.readdirSync(data)).not.toContain('.lighthouse-development-secret')
  removeTempDirectory(join(data, '..'))
})
