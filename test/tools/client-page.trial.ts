// The client as the page of a stranger has it: packed, installed, bundled by Vite, and run in a real Chromium through kills.
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { delimiter, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from '@jest/globals'
import { type Browser, chromium, type Page } from 'playwright-core'
import { RunningServer, tokenOf } from '../support/running-server.js'
import { makeTempDirectory, withTempDirectory } from '../support/temp-directory.js'
import { clientTool, installClient, packClient } from './packed-client.js'

const vite = clientTool('vite')
const folders = (process.env['PATH'] ?? '').split(delimiter)
const executablePath = folders.map(folder => join(folder, 'chromium')).find(path => existsSync(path))
const here = vite !== undefined && executablePath !== undefined
// skip: there is no chromium or no vite here; the names of the tests say so
const inBrowser = here ? test : test.skip
const without = here ? '' : ' (skipped: there is no chromium or no vite here; npm run tools)'

const KILLS = 3
const AT_A_TIME = 60
/** 34 kB when it was first measured; a page that has to load much more than that should be a decision. */
const MOST_BYTES = 80_000

interface Told {
  readonly acknowledged: number
  readonly seen: number
  readonly interruptions: number
}

interface Closed extends Record<'lost' | 'doubled' | 'unknown', readonly string[]> {
  readonly stored: number
  readonly acknowledged: number
  readonly seen: readonly number[]
  readonly positions: readonly number[]
}

const call = <T>(page: Page, name: string, ...args: readonly unknown[]) =>
  page.evaluate(`page.${name}(${args.map(arg => JSON.stringify(arg)).join(', ')})`) as Promise<T>

/** The folder that Vite makes of the page, for which the packed client was installed. */
function bundled(place: string): string {
  const app = join(place, 'app')
  cpSync(join(import.meta.dirname, 'page'), app, { recursive: true })
  installClient(packClient(place), app)
  execFileSync(vite as string, ['build', '--logLevel', 'error'], { cwd: app })
  return join(app, 'dist')
}

async function serve(folder: string): Promise<Server> {
  const server = createServer(({ url = '/' }, answer) => {
    const file = join(folder, url === '/' ? 'index.html' : url)
    if (!existsSync(file)) return void answer.writeHead(404).end()
    answer.setHeader('content-type', file.endsWith('.js') ? 'text/javascript' : 'text/html')
    answer.end(readFileSync(file))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

/** Kills it while the page appends, and starts it again at the same address with the same data. */
async function killedAmidWork(page: Page, server: RunningServer, env: Readonly<Record<string, string>>, round: number) {
  const { acknowledged } = await call<Told>(page, 'told')
  const appending = call(page, 'append', `kill-${round}`, AT_A_TIME)
  await page.waitForFunction(`page.told().acknowledged > ${acknowledged + 3}`, undefined, { polling: 5 })
  await server.kill()
  const { acknowledged: before } = await call<Told>(page, 'told')
  const again = await RunningServer.start({ ...env, LIGHTHOUSE_PORT: new URL(server.url).port }, server.directory)
  await appending
  return { again, inTheMiddle: before < acknowledged + 2 * AT_A_TIME }
}

inBrowser(
  `a page appends, follows, takes tickets, and loses and doubles nothing while its server is killed${without}`,
  () =>
    withTempDirectory(async place => {
      const folder = bundled(place)
      const scripts = readdirSync(join(folder, 'assets')).map(name => readFileSync(join(folder, 'assets', name)))
      const bytes = scripts.reduce((sum, script) => sum + script.length, 0)
      const zipped = scripts.reduce((sum, script) => sum + gzipSync(script).length, 0)
      process.stdout.write(`client in a page by vite: ${bytes} bytes, ${zipped} with gzip\n`)
      expect(bytes).toBeLessThan(MOST_BYTES)
      const web = await serve(folder)
      const origin = `http://127.0.0.1:${(web.address() as AddressInfo).port}`
      const env = { LIGHTHOUSE_CORS_ORIGINS: origin }
      let server = await RunningServer.start(env, makeTempDirectory())
      let browser: Browser | undefined
      try {
        browser = await chromium.launch({ executablePath: executablePath as string })
        const page = await browser.newPage()
        const broken: string[] = []
        page.on('pageerror', error => void broken.push(error.message))
        await page.goto(origin)
        await page.waitForFunction('window.page !== undefined')
        await call(page, 'open', { url: server.url, token: await tokenOf({ sub: 'page', role: 'admin' }) })
        await call(page, 'append', 'calm', AT_A_TIME)
        expect(await call(page, 'ticket', server.url)).toEqual(['welcome', 'refused'])
        let inTheMiddle = 0
        for (let round = 1; round <= KILLS; round++) {
          const killed = await killedAmidWork(page, server, env, round)
          server = killed.again
          if (killed.inTheMiddle) inTheMiddle++
        }
        const { interruptions } = await call<Told>(page, 'told')
        const closed = await call<Closed>(page, 'close')
        const { lost, doubled, unknown, stored, acknowledged, seen, positions } = closed
        process.stdout.write(
          `kills ${KILLS}, amid work ${inTheMiddle}, interruptions ${interruptions}, stored ${stored}, `,
        )
        process.stdout.write(`acknowledged ${acknowledged}, lost ${lost.length}, doubled ${doubled.length}\n`)
        expect([lost, doubled, unknown, broken]).toEqual([[], [], [], []])
        expect([stored, acknowledged]).toEqual([2 * AT_A_TIME * (KILLS + 1), 2 * AT_A_TIME * (KILLS + 1)])
        expect(seen).toEqual(positions)
        expect(interruptions).toBeGreaterThanOrEqual(KILLS)
        expect(inTheMiddle).toBeGreaterThan(0)
      } finally {
        await browser?.close()
        web.close()
        await server.stop()
      }
    }),
  300_000,
)
