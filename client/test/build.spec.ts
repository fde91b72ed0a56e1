// What is built: plain ESM that plain Node imports by the package's name, with what only Node has in node/ alone, and that lets a process end.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import ts from 'typescript'
import { type RunningServer, tokenOf } from '../../test/support/running-server.js'
import { withTempDirectory } from '../../test/support/temp-directory.js'
import { startServer } from './support/server-and-client.js'

const dist = join(import.meta.dirname, '..', 'dist')
const built = readdirSync(dist).filter(name => name.endsWith('.js'))
let server: RunningServer
let token: string

beforeAll(async () => {
  server = await startServer()
  token = await tokenOf({ sub: 'built', role: 'admin' })
})

afterAll(() => server.stop())

interface Run {
  /** What Node itself is told. */
  readonly node?: readonly string[]
  /** Where the package is looked for; in its own folder unless said. */
  readonly cwd?: string
}

/** A module run by plain Node, as somebody who has installed the package would write it; ends when nothing keeps it. */
async function run(code: string, { node = [], cwd = join(dist, '..') }: Run = {}) {
  const begin = `import { Lighthouse } from '@lighthouse/client'
    const { URL: url, TOKEN: token } = process.env
    const lighthouse = new Lighthouse({ url, token })\n`
  // What is printed is compared, so it is printed without colours, also where the run around has them.
  const env = { ...process.env, URL: server.url, TOKEN: token, NODE_OPTIONS: '', FORCE_COLOR: '0' }
  const child = spawn(process.execPath, [...node, '--input-type=module', '--eval', begin + code], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'] as const,
  })
  let said = ''
  for (const output of [child.stdout, child.stderr]) output.on('data', text => (said += String(text)))
  const [exit] = await once(child, 'close')
  return { exit: exit as number, said }
}

test('the client is imported by its name, and a process that has used it ends by itself', async () => {
  const { exit, said } = await run(`
    await lighthouse.append({ type: 'Built', stream: 'built', data: {} })
    for await (const event of lighthouse.read({ streams: 'built' })) console.log(event.type)
    for await (const event of lighthouse.follow({ streams: 'built', after: 'start' })) break
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 10)
    for await (const event of lighthouse.follow({ streams: 'nothing', signal: controller.signal })) break
    const appender = lighthouse.appender()
    await appender.append({ type: 'Built', stream: 'built', data: {} })
    await appender.close()
    await Promise.all(Array.from({ length: 50 }, () => lighthouse.append({ type: 'Built', stream: 'many', data: {} })))
    await lighthouse.wait({ signal: AbortSignal.timeout(10) }).catch(error => console.log(error.name))
  `)
  expect([exit, said.trim().split('\n')]).toEqual([0, ['Built', 'TimeoutError']])
})

/** As Node was before version 22. */
const OLD = ['--no-experimental-websocket']

test('a Node without a WebSocket takes that of the package ws, without being told', async () => {
  const { exit, said } = await run(
    `
    console.log(typeof WebSocket)
    await lighthouse.append({ type: 'Built', stream: 'by-old', data: { n: 1 } })
    for await (const event of lighthouse.follow({ streams: 'by-old', after: 'start' })) {
      console.log(event.data.n)
      break
    }`,
    { node: OLD },
  )
  expect([exit, said]).toEqual([0, 'undefined\n1\n'])
})

test('where the package is missing too, all but the socket works, and it says what to install', async () => {
  await withTempDirectory(async cwd => {
    const installed = join(cwd, 'node_modules', '@lighthouse', 'client')
    cpSync(dist, join(installed, 'dist'), { recursive: true })
    cpSync(join(dist, '..', 'package.json'), join(installed, 'package.json'))
    const { exit, said } = await run(
      `
      console.log(typeof await lighthouse.head())
      await lighthouse.follow().next().catch(error => console.log(error.code, error.message))`,
      { node: OLD, cwd },
    )
    expect([exit, said]).toEqual([0, expect.stringMatching(/^number\nNO_WEBSOCKET .* npm i ws\.\n$/)])
  })
})

test('a platform that is no Node and has no WebSocket is told what to do', async () => {
  const { exit, said } = await run(
    `
    const { Lighthouse: Portable } = await import('./dist/lighthouse.js')
    const portable = new Portable({ url, token })
    await portable.follow().next().catch(error => console.log(error.code, error.message))`,
    { node: OLD },
  )
  expect([exit, said]).toEqual([
    0,
    expect.stringMatching(/^NO_WEBSOCKET .*give new Lighthouse one, as \{WebSocket\}\.\n$/),
  ])
})

test('the class of the package ws serves as well', async () => {
  const { exit, said } = await run(`
    const { WebSocket } = await import('ws')
    const other = new Lighthouse({ url, token, WebSocket })
    delete globalThis.WebSocket
    await other.append({ type: 'Built', stream: 'by-ws', data: { n: 1 } })
    for await (const event of other.follow({ streams: 'by-ws', after: 'start' })) {
      console.log(event.data.n)
      break
    }
  `)
  expect([exit, said]).toEqual([0, '1\n'])
})

test.each(built)('%s imports its own folder alone, and names nothing that only Node has', name => {
  const text = readFileSync(join(dist, name), 'utf8')
  const { importedFiles } = ts.preProcessFile(text)
  expect(importedFiles.map(file => file.fileName).filter(specifier => !/^\.\/[a-z-]+\.js$/.test(specifier))).toEqual([])
  expect(text.match(/\b(process|Buffer|require|__dirname|setImmediate)\b(?=[.([])/g)).toBeNull()
})

test('every module has its declarations, and a map that holds its source', () => {
  const all = readdirSync(dist, { recursive: true }).map(String)
  const modules = all.filter(name => name.endsWith('.js')).sort()
  for (const ending of ['.d.ts', '.js.map']) {
    expect(
      all
        .filter(name => name.endsWith(ending))
        .map(name => name.replace(ending, '.js'))
        .sort(),
    ).toEqual(modules)
  }
  for (const name of modules) {
    const { sources, sourcesContent } = JSON.parse(readFileSync(join(dist, `${name}.map`), 'utf8'))
    const source = join(dist, '..', 'src', name.replace(/\.js$/, '.ts'))
    expect([sources, sourcesContent]).toEqual([[expect.any(String)], [readFileSync(source, 'utf8')]])
  }
})
