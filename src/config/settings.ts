// Every setting there is and the values it accepts, in one table for the loader, the command line and the docs.
import { streamGlobFault } from '../contract/check/check-names.js'
import { brokenRelations, DEFAULT_WORK_LIMITS, type WorkLimits } from '../contract/work-limits.js'

export type Environment = 'development' | 'production' | 'test'
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

/** `auto` is text on a terminal and JSON elsewhere. */
export type LogFormat = 'auto' | 'json' | 'text'

export type JwtAlgorithm = 'HS256' | 'RS256' | 'ES256'

/** The limits of one agent, by its role. */
export interface Quota {
  readonly requestsPerMinute: number
  readonly eventsPerMinute: number
  readonly bytesPerMinute: number
  /** Events in one append. */
  readonly batch: number
}

/** Where a figure is a warning, and where it is critical, so that the mode changes. */
export type ModeThresholds = Readonly<typeof defaultModeThresholds>

/** How much of what must be good, by objective, and within which time. */
export type ServiceLevelSettings = Readonly<typeof defaultServiceLevels>

export type QuotasOfRoles = Readonly<typeof defaultQuotas>

/** The parsed settings, deeply frozen. The class is also the token they are injected by. */
export abstract class Settings {
  abstract readonly env: Environment
  abstract readonly host: string
  abstract readonly port: number
  /**
   * Host names that requests may carry besides the loopback names. Empty allows any name, except on a development
   * server with a loopback address.
   */
  abstract readonly allowedHosts: readonly string[]
  /** Origins of pages that may ask and open the stream besides the server's own. */
  abstract readonly corsOrigins: readonly string[]
  /** The port that serves complete metrics without a token; 0: none. */
  abstract readonly metricsPort: number
  abstract readonly dataDir: string
  /** Whether the data directory may lie on a file system that can lose acknowledged events. */
  abstract readonly allowUnsafeFilesystem: boolean
  /** The last part of every event id, so it must differ between servers that may ever share a log. */
  abstract readonly nodeId: string
  abstract readonly logLevel: LogLevel
  abstract readonly logFormat: LogFormat
  /** Tokens that are signed in any other way are refused. */
  abstract readonly jwtAlgorithms: readonly JwtAlgorithm[]
  /** The secret for HS256; empty: none. */
  abstract readonly jwtSecret: string
  /** The public key for RS256 or ES256, as PEM; empty: none. */
  abstract readonly jwtPublicKey: string
  /** The address of a JWKS document, for keys that rotate; empty: none. */
  abstract readonly jwtJwksUrl: string
  /** The issuer that tokens must name; not checked when empty. */
  abstract readonly jwtIssuer: string
  abstract readonly jwtAudience: string
  /** The streams that `own` in a permission covers, with `{id}` for the agent's id. */
  abstract readonly authOwn: readonly string[]
  abstract readonly quotas: QuotasOfRoles
  abstract readonly workLimits: WorkLimits
  abstract readonly modeThresholds: ModeThresholds
  abstract readonly serviceLevels: ServiceLevelSettings
  abstract readonly docsEnabled: boolean
  abstract readonly readyWhenReadOnly: boolean
  abstract readonly openFiles: number
  abstract readonly archiveAfterDays: number
  abstract readonly retainArchivesDays: number
  /** A snapshot of a fold is made after this many matching events. */
  abstract readonly snapshotEvents: number
  abstract readonly snapshotLogMegabytes: number
  /** Two times of day as `HH:MM-HH:MM`, in UTC. */
  abstract readonly snapshotQuietHours: string
  /** An hour with more requests than this in a minute does not count as quiet. */
  abstract readonly snapshotQuietRequests: number
}

/** A value that is not accepted. Its message ends a sentence that begins with the value. */
export class BadValue extends Error {}

export interface Setting<T> {
  readonly variable: string
  /** The value of a secret never appears in a message. */
  readonly secret?: boolean
  readonly parse: (raw: unknown) => T
}

export type SettingTable<S> = { readonly [K in keyof S]: Setting<S[K]> }

export const environments: readonly Environment[] = ['development', 'production', 'test']
const jwtAlgorithms: readonly JwtAlgorithm[] = ['HS256', 'RS256', 'ES256']

const MB = 1_000_000
const LONGEST_LIST = 100

const quota = (
  requestsPerMinute: number,
  batch: number,
  eventsPerMinute: number,
  megabytesPerMinute: number,
): Quota => ({
  requestsPerMinute,
  eventsPerMinute,
  bytesPerMinute: megabytesPerMinute * MB,
  batch,
})

/** The figures that apply where YAML and LIGHTHOUSE_QUOTAS give none. */
export const defaultQuotas = {
  guest: quota(100, 10, 1_000, 10),
  agent: quota(1_000, 100, 30_000, 300),
  expert_agent: quota(2_000, 500, 60_000, 600),
  system_agent: quota(5_000, 1_000, 600_000, 6_000),
  admin: quota(10_000, 1_000, 600_000, 6_000),
}

const threshold = (warning: number, critical: number) => ({ warning, critical })

/** The figures that apply where YAML and LIGHTHOUSE_MODE_THRESHOLDS give none. */
export const defaultModeThresholds = {
  writeLatencyMs: threshold(100, 1_000),
  writeErrors: threshold(0.01, 0.05),
  storageUsed: threshold(0.9, 0.95),
  storageFreeMegabytes: threshold(0, 0),
  memoryUsed: threshold(0.9, 0.95),
}

const level = (share: number, withinMs: number) => ({ share, withinMs })

export const defaultServiceLevels = {
  append_p50: level(0.5, 2),
  append_p95: level(0.95, 5),
  append_p99: level(0.99, 10),
  append_p999: level(0.999, 100),
  query_p99: level(0.99, 100),
  delivery_p99: level(0.99, 100),
  availability: level(0.999, 0),
}

const logLevels: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

const logFormats: readonly LogFormat[] = ['auto', 'json', 'text']

export const settingTable: SettingTable<Settings> = {
  env: { variable: 'LIGHTHOUSE_ENV', parse: oneOf(environments) },
  host: {
    variable: 'LIGHTHOUSE_HOST',
    parse: matching(/^[A-Za-z0-9.:_%-]{1,253}$/, 'must be a host name or an address'),
  },
  port: { variable: 'LIGHTHOUSE_PORT', parse: wholeNumber(0, 65_535) },
  allowedHosts: { variable: 'LIGHTHOUSE_ALLOWED_HOSTS', parse: listOf(parseHostName, 0) },
  corsOrigins: { variable: 'LIGHTHOUSE_CORS_ORIGINS', parse: listOf(parseOrigin, 0) },
  metricsPort: { variable: 'LIGHTHOUSE_METRICS_PORT', parse: wholeNumber(0, 65_535) },
  dataDir: { variable: 'LIGHTHOUSE_DATA_DIR', parse: matching(/^[^\0]+$/, 'must be a path') },
  allowUnsafeFilesystem: { variable: 'LIGHTHOUSE_ALLOW_UNSAFE_FILESYSTEM', parse: flag },
  nodeId: {
    variable: 'LIGHTHOUSE_NODE_ID',
    // An underscore separates the parts of an event id, so a node's name has none.
    parse: matching(
      /^[A-Za-z0-9][A-Za-z0-9-]{0,31}$/,
      'must be 1 to 32 letters, digits or hyphens, the first no hyphen',
    ),
  },
  logLevel: { variable: 'LIGHTHOUSE_LOG_LEVEL', parse: oneOf(logLevels) },
  logFormat: { variable: 'LIGHTHOUSE_LOG_FORMAT', parse: oneOf(logFormats) },
  jwtAlgorithms: { variable: 'LIGHTHOUSE_JWT_ALGORITHMS', parse: someOf(jwtAlgorithms) },
  jwtSecret: { variable: 'LIGHTHOUSE_JWT_SECRET', secret: true, parse: parseSecret },
  jwtPublicKey: {
    variable: 'LIGHTHOUSE_JWT_PUBLIC_KEY',
    parse: matching(
      /^(-----BEGIN PUBLIC KEY-----[\sA-Za-z0-9+/=]+-----END PUBLIC KEY-----\s*)?$/,
      'must be a public key as PEM',
    ),
  },
  jwtJwksUrl: { variable: 'LIGHTHOUSE_JWT_JWKS_URL', parse: parseUrl },
  jwtIssuer: { variable: 'LIGHTHOUSE_JWT_ISSUER', parse: matching(/^\S{0,512}$/, 'must be a text without blanks') },
  jwtAudience: { variable: 'LIGHTHOUSE_JWT_AUDIENCE', parse: matching(/^\S{0,512}$/, 'must be a text without blanks') },
  authOwn: { variable: 'LIGHTHOUSE_AUTH_OWN', parse: listOf(parseOwnPattern, 1) },
  quotas: { variable: 'LIGHTHOUSE_QUOTAS', parse: parseQuotas },
  workLimits: { variable: 'LIGHTHOUSE_WORK_LIMITS', parse: parseWorkLimits },
  modeThresholds: { variable: 'LIGHTHOUSE_MODE_THRESHOLDS', parse: parseModeThresholds },
  serviceLevels: { variable: 'LIGHTHOUSE_SERVICE_LEVELS', parse: parseServiceLevels },
  docsEnabled: { variable: 'LIGHTHOUSE_DOCS_ENABLED', parse: flag },
  readyWhenReadOnly: { variable: 'LIGHTHOUSE_READY_WHEN_READ_ONLY', parse: flag },
  openFiles: { variable: 'LIGHTHOUSE_OPEN_FILES', parse: wholeNumber(16, 100_000) },
  archiveAfterDays: { variable: 'LIGHTHOUSE_ARCHIVE_AFTER_DAYS', parse: wholeNumber(0, 36_500) },
  retainArchivesDays: { variable: 'LIGHTHOUSE_RETAIN_ARCHIVES_DAYS', parse: wholeNumber(0, 36_500) },
  snapshotEvents: { variable: 'LIGHTHOUSE_SNAPSHOT_EVENTS', parse: wholeNumber(1, 1_000_000_000) },
  snapshotLogMegabytes: { variable: 'LIGHTHOUSE_SNAPSHOT_LOG_MEGABYTES', parse: wholeNumber(1, 1_000_000_000) },
  snapshotQuietHours: {
    variable: 'LIGHTHOUSE_SNAPSHOT_QUIET_HOURS',
    parse: matching(
      /^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$/,
      'must be two times of day in UTC such as 22:00-06:00',
    ),
  },
  snapshotQuietRequests: { variable: 'LIGHTHOUSE_SNAPSHOT_QUIET_REQUESTS', parse: wholeNumber(0, 1_000_000_000) },
}

function parseSecret(raw: unknown): string {
  if (typeof raw !== 'string' || (raw !== '' && Buffer.byteLength(raw) < 32))
    throw new BadValue('must have at least 32 bytes')
  return raw
}

function parseUrl(raw: unknown): string {
  if (raw === '') return raw
  if (typeof raw === 'string' && /^https?:\/\//.test(raw) && URL.canParse(raw)) return raw
  throw new BadValue('must be an address that begins with https:// or http://')
}

function flag(raw: unknown): boolean {
  if (raw === true || raw === 'true') return true
  if (raw === false || raw === 'false') return false
  throw new BadValue('must be true or false')
}

function someOf<T extends string>(allowed: readonly T[]): (raw: unknown) => readonly T[] {
  return listOf(oneOf(allowed), 1)
}

/** YAML gives a list, a variable gives words between commas. */
function listOf<T>(each: (raw: unknown) => T, least: number): (raw: unknown) => readonly T[] {
  return raw => {
    const words = typeof raw === 'string' ? raw.split(',').map(word => word.trim()) : raw
    const items = words === raw || raw !== '' ? words : []
    if (!Array.isArray(items) || items.length < least || items.length > LONGEST_LIST)
      throw new BadValue(`must be a list of ${least} to ${LONGEST_LIST}`)
    return [...new Set(items.map(each))]
  }
}

/** Accepts no port, because a name is allowed on every port. */
function parseHostName(raw: unknown): string {
  const fits = typeof raw === 'string' && /^([A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\])$/.test(raw)
  if (!fits || raw.length > 253) throw new BadValue('must be names of hosts without a port, such as events.example')
  return raw.toLowerCase()
}

/** Exact ones alone: a pattern or `*` would let in pages that nobody has thought of. Returns it as browsers send it. */
function parseOrigin(raw: unknown): string {
  const url = typeof raw === 'string' && !raw.includes('*') && URL.canParse(raw) ? new URL(raw) : undefined
  const fits = url !== undefined && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`
  if (!fits) throw new BadValue('must be exact origins of pages without a path, such as https://app.example:8443')
  return url.origin
}

function parseOwnPattern(raw: unknown): string {
  const fits = typeof raw === 'string' && raw.includes('{id}')
  // With an id in the place of `{id}`, the pattern must be a glob that any permission could hold.
  if (!fits || streamGlobFault(raw.replaceAll('{id}', 'id')) !== undefined)
    throw new BadValue('must be globs on names of streams with {id} in them, such as agent_{id}/*')
  return raw
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The given figures override the defaults one by one. */
function parseQuotas(raw: unknown): QuotasOfRoles {
  const given = typeof raw === 'string' ? fromJson(raw) : raw
  const wrong = (rest: string) => new BadValue(`must be quotas by role: ${rest}`)
  if (!isMap(given)) throw wrong('it is no map')
  const quotas: Record<string, Quota> = { ...defaultQuotas }
  for (const [role, figures] of Object.entries(given)) {
    const known = Object.hasOwn(quotas, role) ? quotas[role] : undefined
    if (known === undefined || !isMap(figures)) throw wrong(`${role} is no role with figures`)
    for (const [name, figure] of Object.entries(figures)) {
      if (!Object.hasOwn(known, name)) throw wrong(`there is no figure ${name}`)
      if (!Number.isSafeInteger(figure) || (figure as number) < 1)
        throw wrong(`${name} of ${role} is no whole number from 1`)
    }
    quotas[role] = { ...known, ...figures } as Quota
  }
  return quotas as QuotasOfRoles
}

/** The given limits override the defaults, and the result must still keep the relations between limits. */
function parseWorkLimits(raw: unknown): WorkLimits {
  const given = typeof raw === 'string' ? fromJson(raw) : raw
  const wrong = (rest: string) => new BadValue(`must be limits by name: ${rest}`)
  if (!isMap(given)) throw wrong('it is no map')
  for (const [name, figure] of Object.entries(given)) {
    if (!Object.hasOwn(DEFAULT_WORK_LIMITS, name)) throw wrong(`there is no limit ${name}`)
    if (!Number.isSafeInteger(figure) || (figure as number) < 1) throw wrong(`${name} is no whole number from 1`)
  }
  const limits: WorkLimits = { ...DEFAULT_WORK_LIMITS, ...given }
  const broken = brokenRelations(limits)
  if (broken.length > 0) throw wrong(`${broken.join(' and ')} does not hold`)
  return limits
}

/** The given pairs override the defaults one by one. */
function parseModeThresholds(raw: unknown): ModeThresholds {
  const given = typeof raw === 'string' ? fromJson(raw) : raw
  const wrong = (rest: string) => new BadValue(`must be thresholds by figure: ${rest}`)
  if (!isMap(given)) throw wrong('it is no map')
  const thresholds: Record<string, { warning: number; critical: number }> = { ...defaultModeThresholds }
  for (const [name, pair] of Object.entries(given)) {
    if (!Object.hasOwn(defaultModeThresholds, name)) throw wrong(`there is no figure ${name}`)
    if (!isMap(pair)) throw wrong(`${name} has no warning and critical`)
    const { warning, critical, ...more } = pair
    const isNumber = (value: unknown): value is number => Number.isFinite(value) && (value as number) >= 0
    if (!isNumber(warning) || !isNumber(critical) || Object.keys(more).length > 0)
      throw wrong(`${name} is not {warning, critical} in numbers from 0`)
    const isInOrder = name === 'storageFreeMegabytes' ? critical <= warning : warning <= critical
    if (!isInOrder) throw wrong(`${name} is critical before it is a warning`)
    thresholds[name] = { warning, critical }
  }
  return thresholds as ModeThresholds
}

/** The given objectives override the defaults one by one. */
function parseServiceLevels(raw: unknown): ServiceLevelSettings {
  const given = typeof raw === 'string' ? fromJson(raw) : raw
  const wrong = (rest: string) => new BadValue(`must be objectives by name: ${rest}`)
  if (!isMap(given)) throw wrong('it is no map')
  const levels: Record<string, { share: number; withinMs: number }> = { ...defaultServiceLevels }
  for (const [name, objective] of Object.entries(given)) {
    if (!Object.hasOwn(defaultServiceLevels, name)) throw wrong(`there is no objective ${name}`)
    if (!isMap(objective)) throw wrong(`${name} has no share and withinMs`)
    const { share, withinMs, ...more } = objective
    if (typeof share !== 'number' || !(share >= 0 && share < 1) || Object.keys(more).length > 0)
      throw wrong(`${name} is not {share, withinMs} with a share from 0 and below 1`)
    if (typeof withinMs !== 'number' || !(withinMs >= 0)) throw wrong(`${name} has no withinMs from 0`)
    levels[name] = { share, withinMs }
  }
  return levels as ServiceLevelSettings
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new BadValue('must be JSON')
  }
}

function oneOf<T extends string>(allowed: readonly T[]): (raw: unknown) => T {
  return raw => {
    const found = allowed.find(value => value === raw)
    if (found === undefined) throw new BadValue(`must be one of ${allowed.join(', ')}`)
    return found
  }
}

function matching(pattern: RegExp, rule: string): (raw: unknown) => string {
  return raw => {
    if (typeof raw !== 'string' || !pattern.test(raw)) throw new BadValue(rule)
    return raw
  }
}

/** A variable holds text and a file holds a number, so both are accepted; other texts that Number takes are not. */
function wholeNumber(least: number, most: number): (raw: unknown) => number {
  return raw => {
    const value = typeof raw === 'string' && /^\d{1,15}$/.test(raw) ? Number(raw) : raw
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
      throw new BadValue(`must be a whole number from ${least} to ${most}`)
    }
    return value
  }
}
