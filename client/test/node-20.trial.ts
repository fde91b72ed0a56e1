// The client on Node 20, the oldest it promises to run on: its examples as documented, and its package as npm packs it.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { RunningServer, tokenOf } from '../../test/support/running-server.js'
import { withTempDirectory } from '../../test/support/temp-directory.js'
import { examples, runExample, sayingOf } from './support/examples.js'

const client = join(import.meta.dirname, '..')
const scripts = new URL('../../scripts/node-20.mjs', import.meta.url).href
const { findNode20 } = (await import(scripts)) as { findNode20: () => string | undefined }
const node = findNode20() ?? ''
// skip: no Node 20 is on the path, and scripts/tools.mjs could not install one
const onNode20 = node === '' ? describe.skip : describe

let server: RunningServer

beforeAll(async () => {
  server = await RunningServer.start()
})

afterAll(() => server.stop())

onNode20('on Node 20', () => {
  test.each(examples)('%s does what it says', async name => {
    expect(await runExample(node, name, server.url)).toEqual([0, expect.stringMatching(sayingOf(name))])
  })

  test('what npm packs is whole, licence and maps included, and follows with ws or says to install it', async () => {
    await withTempDirectory(async place => {
      const [packed] = JSON.parse(npm(['pack', '--json', '--pack-destination', place], client)) as [
        { readonly filename: string; readonly files: readonly { readonly path: string }[] },
      ]
      const paths = packed.files.map(({ path }) => path)
      const built = readdirSync(join(client, 'dist'), { recursive: true }).map(path => `dist/${path}`)
      const wanted = ['LICENSE', 'README.md', 'package.json', ...built.filter(path => /\.(js|d\.ts|map)$/.test(path))]
      expect(paths.toSorted()).toEqual(wanted.toSorted())
      const installed = join(place, 'node_modules', '@lighthouse', 'client')
      mkdirSync(installed, { recursive: true })
      execFileSync('tar', ['-xzf', join(place, packed.filename), '--strip-components=1', '-C', installed])
      const token = await tokenOf({ sub: 'builder-1', role: 'agent' })
      const follow = () => execFileSync(node, ['--input-type=module', '--eval', FOLLOW], inFolder(place, token))
      expect(follow()).toMatch(/^v20\..*\nNO_WEBSOCKET .*npm i ws\.\n$/)
      cpSync(join(client, '..', 'node_modules', 'ws'), join(place, 'node_modules', 'ws'), { recursive: true })
      expect(follow()).toMatch(/^v20\..*\nPacked\n$/)
    })
  })
})

const FOLLOW = `
  import { Lighthouse } from '@lighthouse/client'
  console.log(process.version)
  const stream = 'agent_builder-1/packed'
  const lighthouse = new Lighthouse({ url: process.env.URL, token: process.env.TOKEN })
  await lighthouse.append({ type: 'Packed', stream, data: {} })
  try {
    for await (const event of lighthouse.follow({ streams: stream, after: 'start' })) {
      console.log(event.type)
      break
    }
  } catch (error) {
    console.log(error.code, error.message)
  }`

function inFolder(cwd: string, TOKEN: string) {
  return { cwd, encoding: 'utf8', env: { ...process.env, URL: server.url, TOKEN, NODE_OPTIONS: '' } } as const
}

/** As somebody would type it: what the npm of this run has set is not handed on. */
function npm(args: readonly string[], cwd: string): string {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)))
  return execFileSync('npm', args, { cwd, encoding: 'utf8', env })
}
