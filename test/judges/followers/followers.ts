// Followers that others wrote: programs that write down what they see, and a page in Chromium behind a front that knows the token.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { delimiter, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { chromium } from 'playwright-core'

const judges = resolve('node_modules/.cache/live-judges')
const python = join(judges, 'bin', 'python')
const eventSource = join(judges, 'node_modules', 'eventsource', 'dist', 'index.js')
const folders = (process.env['PATH'] ?? '').split(delimiter)
const executablePath = folders.map(folder => join(folder, 'chromium')).find(path => existsSync(path))

export interface Follower {
  /** Positions in the order in which they came; a text where the id was another. */
  readonly seen: readonly string[]
  /** How often the connection was over. */
  readonly interruptions: () => number
  stop(): Promise<void>
}

export interface Followed {
  readonly url: string
  readonly path: string
  readonly token: string
}

interface Kind {
  readonly name: string
  readonly isHere: boolean
  readonly follow: (followed: Followed) => Promise<Follower>
}

export const FOLLOWERS: readonly Kind[] = [
  {
    name: 'eventsource',
    isHere: existsSync(eventSource),
    follow: ({ url, path, token }) =>
      inProcess(process.execPath, ['eventsource.mjs', eventSource, `${url}${path}`, token]),
  },
  {
    name: 'httpx-sse',
    isHere: existsSync(python),
    follow: ({ url, path, token }) => inProcess(python, ['follow_httpx_sse.py', `${url}${path}`, token]),
  },
  { name: 'Chromium', isHere: executablePath !== undefined, follow: inChromium },
]

async function inProcess(program: string, [script = '', ...args]: readonly string[]): Promise<Follower> {
  const child = spawn(program, [join(import.meta.dirname, script), ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const seen: string[] = []
  let interruptions = 0
  createInterface({ input: child.stdout }).on('line', line => seen.push(line))
  createInterface({ input: child.stderr }).on('line', () => interruptions++)
  return { seen, interruptions: () => interruptions, stop: () => stopped(child) }
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const over = once(child, 'close')
  child.kill('SIGKILL')
  await over
}

const PAGE = (path: string) => `<!doctype html><title>follower</title><script>
  const seen = [], interruptions = []
  const source = new EventSource(${JSON.stringify(path)})
  source.addEventListener('event', ({ data, lastEventId }) => {
    const { position } = JSON.parse(data).event
    seen.push(String(position) === lastEventId ? lastEventId : position + ' as ' + lastEventId)
  })
  source.onerror = () => interruptions.push(source.readyState)
</script>`

/** An EventSource sends no header, so the front sends the token, as that of a site with sessions does. */
async function inChromium({ url, path, token }: Followed): Promise<Follower> {
  const front = createServer((asked, answer) => {
    if (asked.url === '/') return void answer.setHeader('content-type', 'text/html').end(PAGE(path))
    const headers = { ...asked.headers, host: new URL(url).host, authorization: `Bearer ${token}` }
    const handedOn = request(`${url}${asked.url}`, { headers, agent: false }, came => {
      answer.writeHead(came.statusCode ?? 502, came.headers)
      came.on('error', () => answer.destroy()).pipe(answer)
    })
    handedOn.on('error', () => answer.destroy()).end()
    answer.on('close', () => handedOn.destroy())
  }).listen(0, '127.0.0.1')
  await once(front, 'listening')
  const browser = await chromium.launch({ executablePath: executablePath as string })
  const page = await browser.newPage()
  await page.goto(`http://127.0.0.1:${(front.address() as AddressInfo).port}/`)
  const seen: string[] = []
  let interruptions = 0
  const look = async () => {
    const told = (await page.evaluate('({ seen: seen.splice(0), interruptions: interruptions.length })')) as {
      readonly seen: readonly string[]
      readonly interruptions: number
    }
    seen.push(...told.seen)
    interruptions = told.interruptions
  }
  let looking = Promise.resolve()
  const timer = setInterval(() => {
    looking = looking.then(look)
  }, 100)
  return {
    seen,
    interruptions: () => interruptions,
    stop: async () => {
      clearInterval(timer)
      await looking
      await browser.close()
      front.closeAllConnections()
      front.close()
    },
  }
}
