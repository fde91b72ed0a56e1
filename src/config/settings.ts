// What can be set, and what each setting accepts: one table, read by the loader and by nobody else.

export type Environment = 'development' | 'production' | 'test'
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

/** The parsed settings, deeply frozen. Also the token they are injected by. */
export abstract class Settings {
  abstract readonly env: Environment
  abstract readonly host: string
  abstract readonly port: number
  abstract readonly dataDir: string
  /** Closes every event id, so it must differ between servers that may ever share a log. */
  abstract readonly nodeId: string
  abstract readonly logLevel: LogLevel
}

/** Why a value is not accepted, as the end of a sentence that begins with the value. */
export class BadValue extends Error {}

export interface Setting<T> {
  readonly variable: string
  /** A secret's value never appears in a message. */
  readonly secret?: boolean
  readonly parse: (raw: unknown) => T
}

export type SettingTable<S> = { readonly [K in keyof S]: Setting<S[K]> }

export const environments: readonly Environment[] = ['development', 'production', 'test']
const logLevels: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

export const settingTable: SettingTable<Settings> = {
  env: { variable: 'LIGHTHOUSE_ENV', parse: oneOf(environments) },
  host: {
    variable: 'LIGHTHOUSE_HOST',
    parse: matching(/^[A-Za-z0-9.:_%-]{1,253}$/, 'must be a host name or an address'),
  },
  port: { variable: 'LIGHTHOUSE_PORT', parse: wholeNumber(0, 65_535) },
  dataDir: { variable: 'LIGHTHOUSE_DATA_DIR', parse: matching(/^[^\0]+$/, 'must be a path') },
  nodeId: {
    variable: 'LIGHTHOUSE_NODE_ID',
    // An underscore separates the parts of an event id, so a node's name has none.
    parse: matching(
      /^[A-Za-z0-9][A-Za-z0-9-]{0,31}$/,
      'must be 1 to 32 letters, digits or hyphens, the first no hyphen',
    ),
  },
  logLevel: { variable: 'LIGHTHOUSE_LOG_LEVEL', parse: oneOf(logLevels) },
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

/** Variables hold text, files hold numbers: both are taken, and nothing that merely looks like a number is. */
function wholeNumber(least: number, most: number): (raw: unknown) => number {
  return raw => {
    const value = typeof raw === 'string' && /^\d{1,15}$/.test(raw) ? Number(raw) : raw
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
      throw new BadValue(`must be a whole number from ${least} to ${most}`)
    }
    return value
  }
}
