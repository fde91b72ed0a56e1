// The options that the commands of a running server share, and how their values are understood.
import { Usage } from '../usage-error.js'

export const SERVER_OPTIONS = {
  server: {
    type: 'string',
    value: 'URL',
    says: 'of this server; or LIGHTHOUSE_URL, a context, the one of this machine',
  },
  token: {
    type: 'string',
    value: 'TOKEN',
    says: 'for that server; or LIGHTHOUSE_TOKEN, a context, a secret of this machine',
  },
  context: { type: 'string', value: 'NAME', says: 'server and token of this context' },
  json: { type: 'boolean', says: 'print JSON: one object, or one a line where there are many' },
} as const

export const FILTER_OPTIONS = {
  stream: { type: 'string', value: 'GLOB', many: true, says: 'only of these streams; may be repeated, as those below' },
  type: { type: 'string', value: 'GLOB', many: true, says: 'only of these types' },
  tag: { type: 'string', value: 'TAG', many: true, says: 'only with all of these tags' },
  agent: { type: 'string', value: 'NAME', many: true, says: 'only by these agents' },
  correlation: { type: 'string', value: 'ID', says: 'only with this correlation id' },
  causation: { type: 'string', value: 'ID', says: 'only caused by this event' },
  session: { type: 'string', value: 'ID', says: 'only of this session' },
} as const

export interface FilterWish {
  readonly stream?: readonly string[]
  readonly type?: readonly string[]
  readonly tag?: readonly string[]
  readonly agent?: readonly string[]
  readonly correlation?: string
  readonly causation?: string
  readonly session?: string
}

export function askedFilter({ stream, type, tag, agent, correlation, causation, session }: FilterWish) {
  return {
    streams: stream,
    types: type,
    tags: tag,
    agents: agent,
    correlationId: correlation,
    causationId: causation,
    sessionId: session,
  }
}

export function numberFrom(option: string, text: string): number
export function numberFrom(option: string, text: string | undefined): number | undefined
export function numberFrom(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new Usage(`--${option} takes a whole number, and not ${JSON.stringify(text)}`)
}

export function inJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Usage(`${what} is not JSON: ${text.length > 60 ? `${text.slice(0, 60)}…` : text}`)
  }
}

export function objectOf(text: string, what: string): Record<string, unknown> {
  const value = inJson(text, what)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new Usage(`${what} must be a JSON object, such as {"status":"done"}`)
}
