// Thousands of requests that break a rule, in more than forty ways: each is refused by name, and the server stays as it was.
import { expect, test } from '@jest/globals'
import { tries } from '../support/effort.js'
import { Random } from '../support/random.js'
import { RunningServer, tokenOf } from '../support/running-server.js'
import { CANARY, REFUSED, type Rude } from './malformed-classes.js'

const REQUESTS = tries(10_000, 3_000)
const AT_ONCE = 8
const MOST_GROWTH = 150 * 1024 * 1024
const LIMITLESS = { requestsPerMinute: 1e9, eventsPerMinute: 1e9, bytesPerMinute: 1e12, batch: 1_000 }
const QUOTAS = JSON.stringify({ system_agent: LIMITLESS, guest: LIMITLESS })

interface Verdict {
  readonly what: string
  readonly status: number
  readonly type: string | null
  readonly text: string
}

test(`${REQUESTS} malformed requests`, async () => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  const random = new Random(seed)
  const server = await RunningServer.start({ LIGHTHOUSE_QUOTAS: QUOTAS })
  try {
    const token = await tokenOf({ sub: 'rude', role: 'system_agent' })
    const classes = Object.entries(REFUSED)
    const wrong: string[] = []
    let slowest = 0
    let left = REQUESTS
    const sender = async () => {
      while (left > 0) {
        const [what, make] = classes[left-- % classes.length] as (typeof classes)[number]
        const verdict = await send(server.url, token, what, make(random))
        const fault = faultOf(verdict)
        if (fault !== undefined && wrong.length < 20) wrong.push(`${what}: ${fault}`)
      }
    }
    const probing = new AbortController()
    const prober = probe(server.url, probing.signal, took => (slowest = Math.max(slowest, took)))
    await warmUp(server.url, token)
    const before = server.residentBytes
    await Promise.all(Array.from({ length: AT_ONCE }, sender))
    const after = server.residentBytes
    probing.abort()
    await prober
    const text = `${REQUESTS} requests of ${classes.length} classes, seed ${seed}; slowest probe ${Math.round(slowest)} ms`
    process.stdout.write(`${text}; resident ${before} to ${after} bytes\n`)
    expect(wrong).toEqual([])
    expect(classes.length).toBeGreaterThanOrEqual(40)
    if (before !== undefined && after !== undefined) expect(after - before).toBeLessThan(MOST_GROWTH)
    expect(server.lines.filter(line => line.includes(CANARY))).toEqual([])
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    expect(metrics).not.toContain(CANARY)
    // None of it was stored, and the store is as good as before.
    const authorization = `Bearer ${token}`
    const page = await (await fetch(`${server.url}/v1/events?stream=load`, { headers: { authorization } })).json()
    expect(page).toMatchObject({ events: [{ type: 'WarmUp' }] })
  } finally {
    await server.stop()
  }
}, 120_000)

async function warmUp(url: string, token: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const body = JSON.stringify({ type: 'WarmUp', stream: 'load', data: {} })
  expect((await fetch(`${url}/v1/events`, { method: 'POST', headers, body })).status).toBe(201)
}

async function send(url: string, token: string, what: string, rude: Rude): Promise<Verdict> {
  const { method = 'GET', path, headers = {}, body, stranger } = rude
  const authorization = stranger === true ? {} : { authorization: `Bearer ${token}` }
  const answer = await fetch(url + path, {
    method,
    headers: { ...authorization, ...headers },
    ...(body === undefined ? {} : { body: body as NonNullable<RequestInit['body']> }),
  })
  return { what, status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() }
}

function faultOf({ status, type, text }: Verdict): string | undefined {
  if (status < 400 || status >= 500) return `answered with ${status}: ${text.slice(0, 200)}`
  if (type?.startsWith('application/problem+json') !== true) return `answered as ${type}`
  if (text.includes(CANARY)) return `the answer repeats a secret: ${text.slice(0, 300)}`
  const { code, traceId, correlationId } = JSON.parse(text)
  return [code, traceId, correlationId].every(value => typeof value === 'string') ? undefined : text.slice(0, 200)
}

/** As an orchestrator would, all the while. */
async function probe(url: string, signal: AbortSignal, took: (milliseconds: number) => void): Promise<void> {
  while (!signal.aborted) {
    const asked = performance.now()
    const answer = await fetch(`${url}/livez`)
    await answer.text()
    expect(answer.status).toBe(200)
    took(performance.now() - asked)
  }
}
