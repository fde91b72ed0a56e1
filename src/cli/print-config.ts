// `lighthouse config`: every setting in force here and where its value comes from; of secrets, only whether there is one.
import { resolve } from 'node:path'
import { makesItsOwnSecret } from '../auth/auth-options.js'
import { findDevelopmentSecret } from '../auth/development-secret.js'
import { loadSettings, originsOfSettings } from '../config/load-settings.js'
import { type Settings, settingTable } from '../config/settings.js'
import { readStartOptions } from '../server/start-options.js'

interface Shown {
  readonly value: unknown
  readonly from: string
}

/** Takes the options of a start, and shows what a server that is started here with them would run with. */
export function shownConfig(args: readonly string[]): string {
  const { flags } = readStartOptions(args)
  const settings = loadSettings(process.env, undefined, flags)
  const origins = originsOfSettings(process.env, undefined, flags)
  const rows = Object.entries(settings).map(([name, value]): [string, Shown] => {
    const { origin, source } = origins.get(name) ?? { origin: 'default', source: name }
    return [name, { value: shown(name as keyof Settings, value), from: `${origin}: ${source}` }]
  })
  if (makesItsOwnSecret(settings)) rows.push(['developmentSecret', developmentSecretOf(settings)])
  return `{\n${rows.map(([name, row]) => `  ${JSON.stringify(name)}: ${JSON.stringify(row)}`).join(',\n')}\n}`
}

function shown(name: keyof Settings, value: unknown): unknown {
  if (settingTable[name].secret === true) return value === '' ? '(not set)' : '(set)'
  return name === 'dataDir' ? resolve(String(value)) : value
}

function developmentSecretOf({ dataDir }: Settings): Shown {
  const kept = findDevelopmentSecret(dataDir)
  return kept === undefined
    ? { value: '(not made)', from: 'the first start on this data directory makes it' }
    : { value: '(set)', from: `file: ${kept.file}` }
}
