// Parses layers of raw values into one frozen object of settings, or into one error that names every bad value. Pure.
import { BadValue } from './parse-values.js'
import type { SettingTable } from './settings.js'

/** Each overrides those before it. */
export type Origin = 'default' | 'file' | 'environment' | 'flag'

/** A raw value, and where it came from in words that the operator knows. */
export interface RawValue {
  readonly origin: Origin
  readonly source: string
  readonly value: unknown
}

/** Raw values by the name of the setting; a later layer overrides an earlier one. */
export type Layer = ReadonlyMap<string, RawValue>

export class BadSettings extends Error {
  constructor(readonly problems: readonly string[]) {
    const count = problems.length === 1 ? '1 setting is wrong' : `${problems.length} settings are wrong`
    super(`Lighthouse cannot start: ${count}\n${problems.map(problem => `  ${problem}`).join('\n')}`)
    this.name = 'BadSettings'
  }
}

export function parseSettings<S extends object>(
  table: SettingTable<S>,
  layers: readonly Layer[],
  knownProblems: readonly string[] = [],
): Readonly<S> {
  const problems = [...knownProblems]
  const parsed: Partial<S> = {}
  for (const name of Object.keys(table) as (keyof S & string)[]) {
    const setting = table[name]
    const raw = layers.map(layer => layer.get(name)).findLast(value => value !== undefined)
    if (raw === undefined) {
      problems.push(`${setting.variable}: is not set`)
      continue
    }
    try {
      parsed[name] = setting.parse(raw.value)
    } catch (error) {
      if (!(error instanceof BadValue)) throw error
      const shown = setting.secret ? 'the secret' : JSON.stringify(raw.value)
      problems.push(`${raw.source}: ${shown} ${error.message}`)
    }
  }
  if (problems.length > 0) throw new BadSettings(problems)
  return deepFreeze(parsed as S)
}

export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const inner of Object.values(value)) deepFreeze(inner)
  return Object.freeze(value)
}
