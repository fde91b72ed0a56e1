// Settings that are maps of figures: the defaults, and given figures that override them one by one. Pure.
import { isObject } from '../contract/check/field-checks.js'
import { brokenRelations, DEFAULT_WORK_LIMITS, type WorkLimits } from '../contract/work-limits.js'
import { type AlertingSettings, alertingFault, DEFAULT_ALERTING } from './alerting-settings.js'
import { BadValue, fromJson } from './parse-values.js'

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

const MB = 1_000_000
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

/** The given figures override the defaults one by one. */
export function parseQuotas(raw: unknown): QuotasOfRoles {
  const given = typeof raw === 'string' ? fromJson(raw) : raw
  const wrong = (rest: string) => new BadValue(`must be quotas by role: ${rest}`)
  if (!isObject(given)) throw wrong('it is no map')
  const quotas: Record<string, Quota> = { ...defaultQuotas }
  for (const [role, figures] of Object.entries(given)) {
    const known = Object.hasOwn(quotas, role) ? quotas[role] : undefined
    if (known === undefined || !isObject(figures)) throw wrong(`${role} is no role with figures`)
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
export function parseWorkLimits(raw: unknown): WorkLimits {
  const given = typeof raw === 'string' ? fromJson(raw) : raw
  const wrong = (rest: string) => new BadValue(`must be limits by name: ${rest}`)
  if (!isObject(given)) throw wrong('it is no map')
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
export function parseModeThresholds(raw: unknown): ModeThresholds {
  const given = typeof raw === 'string' ? fromJson(raw) : raw
  const wrong = (rest: string) => new BadValue(`must be thresholds by figure: ${rest}`)
  if (!isObject(given)) throw wrong('it is no map')
  const thresholds: Record<string, { warning: number; critical: number }> = { ...defaultModeThresholds }
  for (const [name, pair] of Object.entries(given)) {
    if (!Object.hasOwn(defaultModeThresholds, name)) throw wrong(`there is no figure ${name}`)
    if (!isObject(pair)) throw wrong(`${name} has no warning and critical`)
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

/** The given figures override the defaults one by one. */
export function parseAlerting(raw: unknown): AlertingSettings {
  const given = typeof raw === 'string' ? fromJson(raw) : raw
  const fault = isObject(given) ? alertingFault(given) : 'it is no map'
  if (fault !== undefined) throw new BadValue(`must be figures of alerting by name: ${fault}`)
  return { ...DEFAULT_ALERTING, ...(given as object) }
}

/** The given objectives override the defaults one by one. */
export function parseServiceLevels(raw: unknown): ServiceLevelSettings {
  const given = typeof raw === 'string' ? fromJson(raw) : raw
  const wrong = (rest: string) => new BadValue(`must be objectives by name: ${rest}`)
  if (!isObject(given)) throw wrong('it is no map')
  const levels: Record<string, { share: number; withinMs: number }> = { ...defaultServiceLevels }
  for (const [name, objective] of Object.entries(given)) {
    if (!Object.hasOwn(defaultServiceLevels, name)) throw wrong(`there is no objective ${name}`)
    if (!isObject(objective)) throw wrong(`${name} has no share and withinMs`)
    const { share, withinMs, ...more } = objective
    if (typeof share !== 'number' || !(share >= 0 && share < 1) || Object.keys(more).length > 0)
      throw wrong(`${name} is not {share, withinMs} with a share from 0 and below 1`)
    if (typeof withinMs !== 'number' || !(withinMs >= 0)) throw wrong(`${name} has no withinMs from 0`)
    levels[name] = { share, withinMs }
  }
  return levels as ServiceLevelSettings
}
