// The options of a start: `npm start -- --port 9000` and the like. What they set overrides variables and files.
import { parseArgs } from 'node:util'
import type { Layer, RawValue } from '../config/parse-settings.js'
import type { Settings } from '../config/settings.js'
import { codeOf } from '../contract/errors.js'

interface Option {
  readonly setting: keyof Settings
  readonly type: 'string'
  readonly value: string
  readonly says: string
}

export const START_OPTIONS = {
  port: { type: 'string', setting: 'port', value: 'N', says: 'port to listen on; 0 takes a free one' },
  host: { type: 'string', setting: 'host', value: 'HOST', says: 'address to listen on' },
  data: {
    type: 'string',
    setting: 'dataDir',
    value: 'DIR',
    says: 'the data directory, relative to the folder the server runs in',
  },
  'log-level': {
    type: 'string',
    setting: 'logLevel',
    value: 'LEVEL',
    says: 'trace, debug, info, warn, error, fatal or silent',
  },
  'log-format': {
    type: 'string',
    setting: 'logFormat',
    value: 'FORMAT',
    says: 'json, text or auto: text on a terminal, JSON elsewhere',
  },
} as const satisfies Readonly<Record<string, Option>>

export const START_HELP = `Usage: npm start -- [options], or npx lighthouse start [options]

Runs the server: in development unless LIGHTHOUSE_ENV says otherwise.

${Object.entries(START_OPTIONS)
  .map(([name, { value, says }]) => `  ${`--${name} ${value}`.padEnd(20)} ${says}`)
  .join('\n')}
  ${'--help'.padEnd(20)} print this text

An option overrides the variable of its name (LIGHTHOUSE_PORT, LIGHTHOUSE_DATA_DIR, ...), which overrides config/*.yaml.
docs/CONFIGURATION.md lists every setting.

Exit codes: 0 ended when asked to, 1 failed, 2 an option or a setting is wrong, 3 the start was refused
`

/** The options cannot be understood; the message is one line. */
export class BadOptions extends Error {}

export interface StartOptions {
  readonly help: boolean
  readonly flags: Layer
}

export function readStartOptions(args: readonly string[]): StartOptions {
  const known = Object.keys(START_OPTIONS).map(name => [name, { type: 'string' as const }])
  const options = { ...Object.fromEntries(known), help: { type: 'boolean' as const, short: 'h' } }
  try {
    const { help, ...given } = parseArgs({ args: [...args], options }).values as Readonly<Record<string, string>>
    return { help: help !== undefined, flags: flagsOf(given) }
  } catch (error) {
    if (codeOf(error)?.startsWith('ERR_PARSE_ARGS') !== true) throw error
    // What follows the first sentence is advice on how to pass other arguments, of which there are none here.
    const [what] = (error as Error).message.split(/\.\s/)
    throw new BadOptions(`${what?.replace(/\.$/, '')}; --help lists the options`)
  }
}

function flagsOf(given: Readonly<Record<string, string>>): Layer {
  const raw = Object.entries(given).map(([name, value]): [string, RawValue] => {
    const { setting } = START_OPTIONS[name as keyof typeof START_OPTIONS]
    return [setting, { origin: 'flag', source: `--${name}`, value }]
  })
  return new Map(raw)
}
