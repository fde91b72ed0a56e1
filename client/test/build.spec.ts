// What is built: plain ESM that plain Node imports by the package's name, with nothing of Node in it, and that lets a process end.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import ts from 'typescript'
import { type RunningServer, tokenOf } from '../../test/support/running-server.js'
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

/** A module run by plain Node, as somebody who has installed the package would write it; ends when nothing keeps it. */
async function run(code: string): Promise<{ readonly exit: number; readonly said: string }> {
  const begin = `import { Lighthouse } from '@lighthouse/client'
    const { URL: url, TOKEN: token } = process.env
    const lighthouse = new Lighthouse({ url, token })\n`
  const env = { ...process.env, URL: server.url, TOKEN: token, NODE_OPTIONS: '' }
  const child = spawn(process.execPath, ['--input-type=module', '--eval', begin + code], {
    cwd: join(dist, '..'),
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
    await lighthouse.wait({ signal: AbortSignal.timeout(10) }).catch(error => console.log(error.name))
  `)
  expect([exit, said.trim().split('\n')]).toEqual([0, ['Built', 'TimeoutError']])
})

test('a platform without WebSocket is told what to do', async () => {
  const { exit, said } = await run(`
    delete globalThis.WebSocket
    await lighthouse.head()
    await lighthouse.follow().next().catch(error => console.log(error.code, error.message))
  `)
  expect([exit, said]).toEqual([0, expect.stringMatching(/^NO_WEBSOCKET .* \{WebSocket\} of the package ws/)])
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

test('every module has its declarations', () => {
  const declared = readdirSync(dist).filter(name => name.endsWith('.d.ts'))
  expect(declared.map(name => name.replace('.d.ts', '.js'))).toEqual(built)
})
