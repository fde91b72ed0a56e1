// What a server says to people when it is ready. It is no log line, because it may hold a token.
import { resolve } from 'node:path'
import { DEVELOPMENT_TOKEN_DAYS } from '../api-docs/development-token.js'
import { makesItsOwnSecret } from '../auth/auth-options.js'
import type { Settings } from '../config/settings.js'

export interface ReadyServer {
  readonly url: string
  readonly version: string
  /** The last position of the log. */
  readonly head: number
  /** Only what a development server gives away on its own machine. */
  readonly token: string | undefined
  readonly colours: boolean
}

const BOLD = 1

export function startupBanner(settings: Settings, ready: ReadyServer): string {
  const { url, version, head, token, colours } = ready
  const title = `Lighthouse ${version} is ready at ${url}`
  const lines = [
    '',
    `  ${colours ? `\x1b[${BOLD}m${title}\x1b[0m` : title}, in ${settings.env}`,
    '',
    `  data    ${resolve(settings.dataDir)}, an embedded log that holds ${amount(head)}`,
    `  token   ${tokenLine(settings, token)}`,
    '',
    ...(token === undefined ? [] : [...tries(url, token), '']),
    `  ${settings.docsEnabled ? `Every route, to try out: ${url}/docs` : `Whether it is well: ${url}/health`}`,
  ]
  return `${lines.join('\n')}\n`
}

function amount(head: number): string {
  return head === 0 ? 'nothing yet' : `${head.toLocaleString('en-US')} positions`
}

function tokenLine(settings: Settings, token: string | undefined): string {
  const others = 'npx lighthouse token --agent NAME'
  if (token !== undefined)
    return `of the agent developer, good for ${DEVELOPMENT_TOKEN_DAYS} days; for others: ${others}`
  if (makesItsOwnSecret(settings)) return `make one: ${others}`
  if (settings.jwtSecret !== '') return `signed with LIGHTHOUSE_JWT_SECRET, as by ${others}`
  return 'made by your identity provider'
}

function tries(url: string, token: string): string[] {
  const event = `'{"type":"Greeting","stream":"agent_developer","data":{"text":"hello"}}'`
  return [
    `  export TOKEN=${token}`,
    `  curl -s ${url}/v1/events -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' -d ${event}`,
    `  curl -s ${url}/v1/events -H "authorization: Bearer $TOKEN"`,
  ]
}
