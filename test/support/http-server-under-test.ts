// The HTTP server with the modules a test names, over the embedded store in a directory of its own, on a free port.
import { createHmac } from 'node:crypto'
import { afterAll, beforeAll } from '@jest/globals'
import { Module, type Type } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import type { Identity, Role } from '../../src/auth/access.js'
import { AuthModule } from '../../src/auth/auth.module.js'
import { type AmongThreads, ConfigModule } from '../../src/config/config.module.js'
import type { Quota, QuotasOfRoles } from '../../src/config/figures.js'
import { loadSettings } from '../../src/config/load-settings.js'
import type { Settings } from '../../src/config/settings.js'
import { EventStore } from '../../src/contract/event-store.js'
import { DEFAULT_WORK_LIMITS, type WorkLimits } from '../../src/contract/work-limits.js'
import { createLogger } from '../../src/logging/logger.js'
import { LoggingModule } from '../../src/logging/logging.module.js'
import { configureHttpServer, createHttpAdapter } from '../../src/server/http-server.js'
import type { RequestRelay } from '../../src/server/relay/request-relay.js'
import { WireModule } from '../../src/wire/wire.module.js'
import { makeTempDirectory, removeTempDirectory } from './temp-directory.js'

export interface ServerUnderTest {
  readonly app: NestFastifyApplication
  readonly url: string
  readonly store: EventStore
  /** `fetch` of a path by an agent; JSON goes in as an object. */
  call(path: string, options?: Call): Promise<Response>
  stop(): Promise<void>
}

export interface Call {
  readonly as?: Identity
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: unknown
  readonly body?: string | Uint8Array
  readonly signal?: AbortSignal
}

export function agent(agentId: string, role: Role = 'agent', permissions?: Identity['permissions']): Identity {
  return { agentId, role, ...(permissions === undefined ? undefined : { permissions }) }
}

// biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what a test is about to find out.
type Answer = any

export async function jsonOf(answer: Response | Promise<Response>): Promise<Answer> {
  return (await answer).json()
}

export const ADMIN: Identity = agent('operator', 'admin')

const SECRET = 'the secret of servers under test, in this process'
const PLENTY = { requestsPerMinute: 1e9, eventsPerMinute: 1e9, bytesPerMinute: 1e12, batch: 1_000 }

function forAll(quota: Quota): QuotasOfRoles {
  return { guest: quota, agent: quota, expert_agent: quota, system_agent: quota, admin: quota }
}

export const PLENTY_FOR_ALL = forAll(PLENTY)

/** Settings of a server where an agent has less than plenty of something. */
export function limitedTo(less: Partial<Quota>, held: Partial<WorkLimits> = {}): Partial<Settings> {
  return { quotas: forAll({ ...PLENTY, ...less }), workLimits: { ...DEFAULT_WORK_LIMITS, ...held } }
}

/** The value of the Authorization header of an agent; `more` are further claims. */
export function bearerOf(
  { agentId, role, permissions, onBehalfOf = [] }: Identity,
  exp = Math.floor(Date.now() / 1000) + 3_600,
  more: object = {},
): string {
  const act = onBehalfOf.reduceRight<object | undefined>((before, sub) => ({ sub, act: before }), undefined)
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: agentId, role, permissions, act, exp, ...more })}`
  return `Bearer ${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`
}

@Module({})
class UnderTest {}

/** What it is given as one thread of several. */
interface AsThread extends AmongThreads {
  /** What the modules do not answer is handed over. */
  readonly relay?: RequestRelay
}

/** A server that does not listen yet. A directory that is given is left as it is at the end. */
export async function createServer(
  modules: readonly Type[],
  more: Partial<Settings> = {},
  logged?: string[],
  { relay, ...among }: AsThread = {},
): Promise<Pick<ServerUnderTest, 'app' | 'stop'>> {
  const dataDir = more.dataDir ?? makeTempDirectory()
  const base = loadSettings({ LIGHTHOUSE_ENV: 'test', LIGHTHOUSE_JWT_SECRET: SECRET })
  const settings: Settings = { ...base, quotas: PLENTY_FOR_ALL, ...more, dataDir }
  const logger = createLogger(logged === undefined ? 'silent' : 'debug', { write: line => void logged?.push(line) })
  const imports = [ConfigModule.of(settings, logger, among), LoggingModule, WireModule, AuthModule, ...modules]
  const whole = { module: UnderTest, imports }
  const app = await NestFactory.create<NestFastifyApplication>(whole, createHttpAdapter(), {
    logger: false,
    abortOnError: false,
    bodyParser: false,
  })
  configureHttpServer(app, logger, relay)
  const stop = async () => {
    await app.close()
    if (more.dataDir === undefined) removeTempDirectory(dataDir)
  }
  return { app, stop }
}

/**
 * Tokens of `bearerOf` are good here, and nobody asks too much, unless `more` says otherwise. With `logged` every line of
 * the log goes there, down to those of level debug.
 */
export async function startServer(
  modules: readonly Type[],
  more: Partial<Settings> = {},
  logged?: string[],
  as: AsThread = {},
): Promise<ServerUnderTest> {
  const { app, stop } = await createServer(modules, more, logged, as)
  await app.listen(0, '127.0.0.1')
  const url = await app.getUrl()
  const call = (path: string, { as = ADMIN, method, headers, json, body, signal }: Call = {}) =>
    fetch(url + path, {
      method: method ?? (json === undefined && body === undefined ? 'GET' : 'POST'),
      headers: {
        authorization: bearerOf(as),
        ...(json === undefined ? undefined : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(json === undefined && body === undefined ? undefined : { body: (body ?? JSON.stringify(json)) as never }),
      ...(signal === undefined ? undefined : { signal }),
    })
  return { app, url, store: app.get(EventStore, { strict: false }), call, stop }
}

/** One server for all tests of a file or a `describe`: there from the first of them to the end of the last. */
export function useServer(...modules: readonly Type[]): Omit<ServerUnderTest, 'stop'> {
  let server: ServerUnderTest
  beforeAll(async () => {
    server = await startServer(modules)
  })
  afterAll(() => server.stop())
  return {
    get app() {
      return server.app
    },
    get url() {
      return server.url
    },
    get store() {
      return server.store
    },
    call: (path, options) => server.call(path, options),
  }
}
