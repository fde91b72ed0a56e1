// Every setting there is and the values it accepts, in one table for the loader, the command line and the docs.
import type { WorkLimits } from '../contract/work-limits.js'
import type { AlertingSettings } from './alerting-settings.js'
import { type BusinessRule, parseBusinessMetrics } from './business-settings.js'
import {
  type ModeThresholds,
  parseAlerting,
  parseModeThresholds,
  parseQuotas,
  parseServiceLevels,
  parseWorkLimits,
  type QuotasOfRoles,
  type ServiceLevelSettings,
} from './figures.js'
import {
  flag,
  manyOf,
  matching,
  oneOf,
  parseHeaders,
  parseHostName,
  parseOrigin,
  parseOwnPattern,
  parsePath,
  parseSecret,
  parseThreads,
  parseUrl,
  partialNumber,
  someOf,
  wholeNumber,
} from './parse-values.js'

export type Environment = 'development' | 'production' | 'test'
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

/** `auto` is text on a terminal and JSON elsewhere. */
export type LogFormat = 'auto' | 'json' | 'text'

export type JwtAlgorithm = 'HS256' | 'RS256' | 'ES256'

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
  /** The files of the certificate, chain included, and of its key, in PEM; both empty: no TLS. */
  abstract readonly tlsCertPath: string
  abstract readonly tlsKeyPath: string
  abstract readonly dataDir: string
  /** Whether the data directory may lie on a file system that can lose acknowledged events. */
  abstract readonly allowUnsafeFilesystem: boolean
  /** The last part of every event id, so it must differ between servers that may ever share a log. */
  abstract readonly nodeId: string
  abstract readonly logLevel: LogLevel
  abstract readonly logFormat: LogFormat
  /** Of so many unremarkable answers one has a line. */
  abstract readonly accessLogOneIn: number
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
  abstract readonly alerting: AlertingSettings
  /** The integration key of a service of PagerDuty; empty: no pages. */
  abstract readonly alertPagerdutyKey: string
  /** The token of a bot of Slack; empty: no messages. */
  abstract readonly alertSlackToken: string
  /** What the generic webhook is signed with. */
  abstract readonly alertWebhookSecret: string
  /** The address of a collector of traces, as OTLP over HTTP; empty: none, and nothing is traced. */
  abstract readonly tracesUrl: string
  /** Sent to the collector with every batch. */
  abstract readonly tracesHeaders: Readonly<Record<string, string>>
  abstract readonly tracesPercent: number
  /** Instead of it while the mode is not NORMAL. */
  abstract readonly tracesPercentInTrouble: number
  /** Agents and operations that are always traced. */
  abstract readonly tracesAgents: readonly string[]
  abstract readonly tracesOperations: readonly string[]
  abstract readonly serviceLevels: ServiceLevelSettings
  /** Events that are counted for what they say. */
  abstract readonly businessMetrics: readonly BusinessRule[]
  /** Whether requests, appends, reads and syncs are counted and timed. */
  abstract readonly measureOperations: boolean
  /** An append or a page that takes at least as long leaves a warning; 0: none does. */
  abstract readonly slowOperationMs: number
  /** How long appends over HTTP may take on average before some are refused; 0: however long. */
  abstract readonly appendWaitMs: number
  abstract readonly docsEnabled: boolean
  abstract readonly readyWhenReadOnly: boolean
  abstract readonly openFiles: number
  /** How long a start waits for another process to leave the data directory. */
  abstract readonly lockWaitSeconds: number
  /** A write that takes longer is given up as indeterminate; 0 waits for ever. */
  abstract readonly storageTimeoutSeconds: number
  /** 1: one thread does everything. Otherwise so many threads serve requests, and one more writes. */
  abstract readonly threads: number | 'auto'
  /** An event loop that stands still for so long ends the process; 0: never. */
  abstract readonly watchdogSeconds: number
  /** Whether a leak of memory makes the server write a heap snapshot by itself, at most one a day. */
  abstract readonly heapSnapshotOnLeak: boolean
  abstract readonly archiveAfterDays: number
  abstract readonly retainArchivesDays: number
  /** A backup from which damaged segments are put back; empty: none. */
  abstract readonly restoreFrom: string
  /** Where archives lie, on another volume perhaps; empty: in the data directory, or where they were put before. */
  abstract readonly archiveDir: string
  /** On a volume that is nearly full, archives older than this that the backup has are removed; 0: none. */
  abstract readonly cleanUpDays: number
  /** A snapshot of a fold is made after this many matching events. */
  abstract readonly snapshotEvents: number
  abstract readonly snapshotLogMegabytes: number
  /** Two times of day as `HH:MM-HH:MM`, in UTC. */
  abstract readonly snapshotQuietHours: string
  /** An hour with more requests than this in a minute does not count as quiet. */
  abstract readonly snapshotQuietRequests: number
}

export interface Setting<T> {
  readonly variable: string
  /** The value of a secret never appears in a message. */
  readonly secret?: boolean
  readonly parse: (raw: unknown) => T
}

export type SettingTable<S> = { readonly [K in keyof S]: Setting<S[K]> }

export const environments: readonly Environment[] = ['development', 'production', 'test']
const jwtAlgorithms: readonly JwtAlgorithm[] = ['HS256', 'RS256', 'ES256']

const logLevels: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

const logFormats: readonly LogFormat[] = ['auto', 'json', 'text']

export const settingTable: SettingTable<Settings> = {
  env: { variable: 'LIGHTHOUSE_ENV', parse: oneOf(environments) },
  host: {
    variable: 'LIGHTHOUSE_HOST',
    parse: matching(/^[A-Za-z0-9.:_%-]{1,253}$/, 'must be a host name or an address'),
  },
  port: { variable: 'LIGHTHOUSE_PORT', parse: wholeNumber(0, 65_535) },
  allowedHosts: { variable: 'LIGHTHOUSE_ALLOWED_HOSTS', parse: manyOf(parseHostName, 0) },
  corsOrigins: { variable: 'LIGHTHOUSE_CORS_ORIGINS', parse: manyOf(parseOrigin, 0) },
  metricsPort: { variable: 'LIGHTHOUSE_METRICS_PORT', parse: wholeNumber(0, 65_535) },
  tlsCertPath: { variable: 'LIGHTHOUSE_TLS_CERT_PATH', parse: parsePath },
  tlsKeyPath: { variable: 'LIGHTHOUSE_TLS_KEY_PATH', parse: parsePath },
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
  accessLogOneIn: { variable: 'LIGHTHOUSE_ACCESS_LOG_ONE_IN', parse: wholeNumber(1, 1_000_000) },
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
  authOwn: { variable: 'LIGHTHOUSE_AUTH_OWN', parse: manyOf(parseOwnPattern, 1) },
  quotas: { variable: 'LIGHTHOUSE_QUOTAS', parse: parseQuotas },
  workLimits: { variable: 'LIGHTHOUSE_WORK_LIMITS', parse: parseWorkLimits },
  modeThresholds: { variable: 'LIGHTHOUSE_MODE_THRESHOLDS', parse: parseModeThresholds },
  alerting: { variable: 'LIGHTHOUSE_ALERTING', parse: parseAlerting },
  alertPagerdutyKey: { variable: 'LIGHTHOUSE_ALERT_PAGERDUTY_KEY', secret: true, parse: parseSecret },
  alertSlackToken: { variable: 'LIGHTHOUSE_ALERT_SLACK_TOKEN', secret: true, parse: parseSecret },
  alertWebhookSecret: { variable: 'LIGHTHOUSE_ALERT_WEBHOOK_SECRET', secret: true, parse: parseSecret },
  tracesUrl: { variable: 'LIGHTHOUSE_TRACES_URL', parse: parseUrl },
  tracesHeaders: { variable: 'LIGHTHOUSE_TRACES_HEADERS', secret: true, parse: parseHeaders },
  tracesPercent: { variable: 'LIGHTHOUSE_TRACES_PERCENT', parse: wholeNumber(0, 100) },
  tracesPercentInTrouble: { variable: 'LIGHTHOUSE_TRACES_PERCENT_IN_TROUBLE', parse: wholeNumber(0, 100) },
  tracesAgents: {
    variable: 'LIGHTHOUSE_TRACES_AGENTS',
    parse: manyOf(matching(/^[^,]{1,256}$/, 'must be ids of agents'), 0),
  },
  tracesOperations: {
    variable: 'LIGHTHOUSE_TRACES_OPERATIONS',
    parse: manyOf(
      matching(/^([A-Z]+ \/\S*|event_store\.append)$/, 'must be routes such as POST /v1/events, or event_store.append'),
      0,
    ),
  },
  serviceLevels: { variable: 'LIGHTHOUSE_SERVICE_LEVELS', parse: parseServiceLevels },
  businessMetrics: { variable: 'LIGHTHOUSE_BUSINESS_METRICS', parse: parseBusinessMetrics },
  measureOperations: { variable: 'LIGHTHOUSE_MEASURE_OPERATIONS', parse: flag },
  slowOperationMs: { variable: 'LIGHTHOUSE_SLOW_OPERATION_MS', parse: wholeNumber(0, 3_600_000) },
  appendWaitMs: { variable: 'LIGHTHOUSE_APPEND_WAIT_MS', parse: wholeNumber(0, 3_600_000) },
  docsEnabled: { variable: 'LIGHTHOUSE_DOCS_ENABLED', parse: flag },
  readyWhenReadOnly: { variable: 'LIGHTHOUSE_READY_WHEN_READ_ONLY', parse: flag },
  openFiles: { variable: 'LIGHTHOUSE_OPEN_FILES', parse: wholeNumber(16, 100_000) },
  lockWaitSeconds: { variable: 'LIGHTHOUSE_LOCK_WAIT_SECONDS', parse: wholeNumber(0, 3_600) },
  storageTimeoutSeconds: { variable: 'LIGHTHOUSE_STORAGE_TIMEOUT_SECONDS', parse: wholeNumber(0, 3_600) },
  threads: { variable: 'LIGHTHOUSE_THREADS', parse: parseThreads },
  watchdogSeconds: { variable: 'LIGHTHOUSE_WATCHDOG_SECONDS', parse: wholeNumber(0, 3_600) },
  heapSnapshotOnLeak: { variable: 'LIGHTHOUSE_HEAP_SNAPSHOT_ON_LEAK', parse: flag },
  archiveAfterDays: { variable: 'LIGHTHOUSE_ARCHIVE_AFTER_DAYS', parse: partialNumber(0, 36_500) },
  retainArchivesDays: { variable: 'LIGHTHOUSE_RETAIN_ARCHIVES_DAYS', parse: partialNumber(0, 36_500) },
  archiveDir: { variable: 'LIGHTHOUSE_ARCHIVE_DIR', parse: parsePath },
  restoreFrom: { variable: 'LIGHTHOUSE_RESTORE_FROM', parse: parsePath },
  cleanUpDays: { variable: 'LIGHTHOUSE_CLEAN_UP_DAYS', parse: wholeNumber(0, 36_500) },
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
