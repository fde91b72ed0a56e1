// Makes the tables of docs/CONFIGURATION.md from the settings and the files in config/. Pure.
import { DEFAULT_WORK_LIMITS, HELD_WORK, type Work } from '../contract/work-limits.js'
import {
  defaultModeThresholds,
  defaultQuotas,
  defaultServiceLevels,
  type ModeThresholds,
  type ServiceLevelSettings,
} from './figures.js'
import { environments, type Settings, settingTable } from './settings.js'

type Yaml = Readonly<Record<string, unknown>>

const WHAT: Readonly<Record<keyof Settings, string>> = {
  env: '`development`, `production` or `test`: which file overlays the default',
  host: 'address to listen on',
  port: 'port to listen on; 0 takes a free one',
  allowedHosts:
    'names under which the server may be asked besides `localhost`, `127.0.0.0/8` and `[::1]`, whatever the port; in a variable with commas between. Empty: any name, but in development on a loopback address only those three',
  corsOrigins:
    'exact origins of pages (`https://app.example:8443`) that may use the API and open the stream besides pages of the server itself; `*` is none. In a variable with commas between. Empty: no other',
  tlsCertPath:
    'the file of a certificate in PEM, with its chain: the server speaks TLS, and what the files say anew is in force within seconds ([SECURITY.md](SECURITY.md#tls)); empty: plain HTTP',
  tlsKeyPath: 'the file of its private key in PEM',
  metricsPort: 'port of a listener of its own with complete metrics, for whoever reaches it; 0: none',
  dataDir: 'the data directory, relative to where the server is started',
  allowUnsafeFilesystem:
    'whether the data directory may lie on tmpfs or a network file system, where acknowledged events can be lost',
  nodeId: 'last part of every event id; 1 to 32 letters, digits or hyphens',
  logLevel: '`trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`',
  accessLogOneIn:
    'of so many answers one has a line of the log; failures, slow ones and actions of administrators always have',
  logFormat: '`json`, one object a line; `text`, for people; `auto`: text on a terminal, JSON elsewhere',
  jwtAlgorithms: 'how tokens may be signed: some of `HS256`, `RS256`, `ES256`; in a variable with commas between',
  jwtSecret: 'for HS256, at least 32 bytes. Production needs it, or one of the next two',
  jwtPublicKey: 'for RS256 or ES256, as PEM',
  jwtJwksUrl: 'address of a JWKS document, for RS256 or ES256 with keys that rotate',
  jwtIssuer: 'what `iss` must be, unless empty',
  jwtAudience: 'what `aud` must be, unless empty',
  authOwn: 'what `own` in a permission stands for: globs on names of streams, with `{id}` for the id of the agent',
  quotas: 'by role, as below; what is left out keeps its default. The variable takes JSON',
  workLimits:
    'what one agent may hold at a time, as below; what is left out keeps its default. The variable takes JSON',
  modeThresholds:
    'where a figure is a warning and where it is critical, so that the mode changes, as below; what is left out keeps its default. The variable takes JSON',
  alerting:
    'where alerts go and when, as [ALERTING.md](ALERTING.md#figures) says; what is left out keeps its default. The variable takes JSON',
  alertPagerdutyKey: 'integration key (Events API v2) of a service of PagerDuty; empty: nobody is paged',
  alertSlackToken: 'token of a bot of Slack with `chat:write`; empty: no messages',
  alertWebhookSecret: 'what notices to the webhook are signed with, at least 32 bytes; empty: they are not signed',
  tracesUrl:
    'address of a collector of traces that takes OTLP over HTTP, such as `http://collector:4318/v1/traces`; empty: nothing is traced ([TRACING.md](TRACING.md))',
  tracesHeaders: 'headers for the collector; in a variable as `name=value` with commas between',
  tracesPercent: 'share of the traces that begin here and are recorded; failures of the service always are',
  tracesPercentInTrouble: 'the same while the mode is not NORMAL',
  tracesAgents: 'ids of agents whose operations are all recorded; in a variable with commas between',
  tracesOperations:
    'operations that are all recorded: routes as `POST /v1/events`, or `event_store.append`; in a variable with commas between',
  serviceLevels: 'the objectives of the service, as below; what is left out keeps its default. The variable takes JSON',
  businessMetrics:
    'rules by which events are counted for what they say, as [METRICS.md](METRICS.md#business-metrics) has it; a list replaces the shipped one. The variable takes JSON',
  measureOperations:
    'whether requests, appends, reads and syncs are counted and timed. Without it their metrics stand still, objectives are not judged, no mode begins for slow or failing writes, and every hour is quiet for snapshots; it is there to show what measuring costs',
  slowOperationMs: 'an append or a page that takes at least so many milliseconds leaves a warning in the log; 0: none',
  appendWaitMs:
    'where appends over HTTP take longer than so many milliseconds on average, as many are let in as can be answered in that time, and the others are 503 `OVERLOADED` with `Retry-After`; 0: all are let in',
  docsEnabled: 'whether `/docs` and `/openapi.json` are served',
  readyWhenReadOnly: 'whether `/readyz` stays 200 while the store serves reads and takes no appends',
  openFiles: 'descriptors kept open for reading, 16 to 100,000',
  lockWaitSeconds: 'how long a start waits for another process to leave the data directory',
  storageTimeoutSeconds:
    'a write of the log that takes longer is given up, and the store takes no more appends; 0: never',
  threads:
    '1: one thread does everything; 2 to 64: so many threads serve requests, and one more writes; `auto`: one less than there are cores',
  watchdogSeconds: 'an event loop that stands still for so long ends the process with code 142; 0: never',
  heapSnapshotOnLeak:
    'whether a leak of memory makes the server write a heap snapshot by itself, at most one a day; it holds secrets and stops the server while it is written',
  archiveAfterDays: 'sealed segments older than this are compressed, `0.25` being six hours; 0: never',
  retainArchivesDays: 'archives older than this are removed for good, `0.25` being six hours; 0: never',
  archiveDir: 'where archives go, such as a directory of another volume; empty: they stay where they are',
  restoreFrom: 'the backup from which damaged segments are put back while the server runs; empty: none',
  cleanUpDays:
    'on a volume that is 90 % full, archives older than this that the backup of LIGHTHOUSE_RESTORE_FROM has are removed; 0: never',
  snapshotEvents: 'events that match a fold that is kept, after which a snapshot of it is made',
  snapshotLogMegabytes: 'growth of the log after which one is made whatever matches',
  snapshotQuietHours: 'times of day in UTC at which one is made every 6 h',
  snapshotQuietRequests: 'requests in a minute beyond which no hour is quiet',
}

const cell = (value: unknown) =>
  value === undefined ? '' : `\`${typeof value === 'object' ? JSON.stringify(value) : value === '' ? "''" : value}\``

export function configurationTable(fallback: Yaml, overlays: Readonly<Record<string, Yaml>>): string {
  const rows = Object.entries(settingTable).map(([key, { variable }]) => {
    const own = key === 'env'
    const cells = [
      ...[`\`${variable}\``, own ? '–' : `\`${key}\``, own ? '`development`' : cell(fallback[key])],
      ...environments.map(name => cell(overlays[name]?.[key])),
      WHAT[key as keyof Settings],
    ]
    return `| ${cells.join(' | ')} |`
  })
  const heads = ['variable', 'key in YAML', 'default', ...environments, 'what']
  return [`| ${heads.join(' | ')} |`, `|${' --- |'.repeat(heads.length)}`, ...rows].join('\n')
}

export function quotasTable(): string {
  const rows = Object.entries(defaultQuotas).map(
    ([role, { requestsPerMinute, eventsPerMinute, bytesPerMinute, batch }]) => {
      return `| \`${role}\` | ${[requestsPerMinute, eventsPerMinute, bytesPerMinute, batch].map(figure => figure.toLocaleString('en-US')).join(' | ')} |`
    },
  )
  const heads = ['role', '`requestsPerMinute`', '`eventsPerMinute`', '`bytesPerMinute`', '`batch`']
  return [`| ${heads.join(' | ')} |`, `|${' --- |'.repeat(heads.length)}`, ...rows].join('\n')
}

export function workLimitsTable(): string {
  const rows = Object.entries(DEFAULT_WORK_LIMITS).map(
    ([name, figure]) => `| \`${name}\` | ${figure.toLocaleString('en-US')} | ${HELD_WORK[name as Work]} |`,
  )
  return ['| limit | default | what one agent has at most |', '| --- | --- | --- |', ...rows].join('\n')
}

const FIGURES: Readonly<Record<keyof ModeThresholds, string>> = {
  writeLatencyMs: 'p99 of appends in three windows of five seconds in a row, with at least 100 appends in each, in ms',
  writeErrors: 'share of appends that failed for the service, in the same windows',
  storageUsed: 'share of the volume of the data that is used; a figure above 1 is never reached',
  storageFreeMegabytes: 'megabytes of it that are free; 0 is never reached',
  memoryUsed: "share of the container's memory that is used or, without a limit, of the heap",
}

export function modeThresholdsTable(): string {
  const rows = Object.entries(defaultModeThresholds).map(
    ([name, { warning, critical }]) =>
      `| \`${name}\` | ${warning} | ${critical} | ${FIGURES[name as keyof ModeThresholds]} |`,
  )
  return ['| figure | warning | critical | what |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

const OBJECTIVES: Readonly<Record<keyof ServiceLevelSettings, string>> = {
  append_p50: 'appends, from asking the store to durable; those that fail by its fault are never within the time',
  append_p95: 'the same',
  append_p99: 'the same',
  append_p999: 'the same',
  query_p99: 'pages and queries',
  delivery_p99: 'from a durable batch to who follows at head, sampled',
  availability: 'appends and queries that do not fail by the fault of the service, however long they take',
}

export function serviceLevelsTable(): string {
  const rows = Object.entries(defaultServiceLevels).map(
    ([name, { share, withinMs }]) =>
      `| \`${name}\` | ${share} | ${withinMs} | ${OBJECTIVES[name as keyof ServiceLevelSettings]} |`,
  )
  return ['| objective | share | withinMs | of what |', '| --- | --- | --- | --- |', ...rows].join('\n')
}
