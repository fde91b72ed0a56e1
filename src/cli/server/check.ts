// `lighthouse check`: one line about a server and an exit code, as Nagios and its kin take them. It needs no token.
import { codeOf } from '../../contract/errors.js'
import type { Terminal } from '../command.js'
import { Usage } from '../usage-error.js'
import { serverFor, type Wish } from './address.js'
import { numberFrom } from './options.js'
import { harmless } from './print.js'

/** As the guidelines for plugins fix them. */
const STATES = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'] as const
type State = (typeof STATES)[number]

interface CheckWish extends Wish {
  readonly timeout?: string
  readonly json?: boolean
}

interface Component {
  readonly component: string
  readonly status: string
  readonly details: Readonly<Record<string, unknown>>
}

interface Finding {
  readonly state: State
  readonly text: string
  readonly figures: Readonly<Record<string, number>>
}

const SECONDS = 10

export async function check(wish: CheckWish, terminal: Terminal): Promise<number> {
  const { state, text, figures } = await findingOf(wish, terminal).catch((error: unknown): Finding => {
    if (error instanceof Usage) return { state: 'UNKNOWN', text: error.message, figures: {} }
    throw error
  })
  const measured = Object.entries(figures).map(([name, value]) => `${name}=${value}`)
  const line = `LIGHTHOUSE ${state} - ${harmless(text)}${measured.length === 0 ? '' : ` | ${measured.join(' ')}`}`
  await terminal.out(wish.json ? JSON.stringify({ state, text, figures }) : line)
  return STATES.indexOf(state)
}

async function findingOf(wish: CheckWish, terminal: Terminal): Promise<Finding> {
  const seconds = numberFrom('timeout', wish.timeout) ?? SECONDS
  const { server } = await serverFor(wish, terminal.env ?? process.env)
  if (!URL.canParse(server)) throw new Usage(`${JSON.stringify(server)} is no address of a server`)
  const url = new URL('health', server.endsWith('/') ? server : `${server}/`)
  const begun = performance.now()
  let answer: Response
  let text: string
  try {
    answer = await fetch(url, { signal: AbortSignal.timeout(seconds * 1_000), headers: { accept: 'application/json' } })
    text = await answer.text()
  } catch (error) {
    const why = codeOf((error as Error).cause) ?? (error as Error).name
    return { state: 'CRITICAL', text: `nothing answers at ${server} within ${seconds} s (${why})`, figures: {} }
  }
  const components = componentsIn(text)
  if (components === undefined)
    return { state: 'UNKNOWN', text: `${server} answers ${answer.status}, and not as Lighthouse does`, figures: {} }
  return judged(answer, components, Math.round(performance.now() - begun) / 1_000)
}

function componentsIn(text: string): readonly Component[] | undefined {
  try {
    const { checks } = JSON.parse(text) as { readonly checks?: readonly Component[] }
    return Array.isArray(checks) ? checks : undefined
  } catch {
    return undefined
  }
}

function judged(answer: Response, components: readonly Component[], seconds: number): Finding {
  const mode = answer.headers.get('lighthouse-mode') ?? 'NORMAL'
  const bad = components.filter(({ status }) => status !== 'up')
  const head = Number(components.find(({ component }) => component === 'event_store')?.details['head'])
  const free = components.find(({ component }) => component === 'storage')?.details['freeBytes']
  const figures = {
    time: seconds,
    ...(Number.isFinite(head) ? { head } : undefined),
    ...(typeof free === 'number' ? { free } : undefined),
  }
  const parts = [`mode ${mode}`, ...bad.map(({ component, status }) => `${component} is ${status}`)]
  const text = bad.length === 0 ? `${parts[0]}, all components up` : parts.join(', ')
  if (!answer.ok || mode === 'EMERGENCY') return { state: 'CRITICAL', text, figures }
  return { state: bad.length > 0 || mode !== 'NORMAL' ? 'WARNING' : 'OK', text, figures }
}
