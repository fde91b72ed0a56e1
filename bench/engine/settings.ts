// What the engine bench is told on its command line.
import { parseArgs } from 'node:util'

/** In the order of a whole run: the last two append to the stores that the others only read. */
export const PARTS = ['append', 'disk', 'read', 'scale', 'open'] as const
export type Part = (typeof PARTS)[number]

export interface Settings {
  readonly parts: readonly Part[]
  /** Events in the largest store that is built. */
  readonly size: number
  /** Seconds of one round of one side. */
  readonly seconds: number
  readonly rounds: number
  /** On a real disk: in memory a sync costs nothing and the figures mean nothing. */
  readonly directory: string
  /** Leaves the built stores for the next run. */
  readonly keep: boolean
}

export function readSettings(args: readonly string[]): Settings {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', default: PARTS.join(',') },
      size: { type: 'string', default: '1e6' },
      seconds: { type: 'string', default: '0.5' },
      rounds: { type: 'string', default: '7' },
      dir: { type: 'string', default: 'bench/.data' },
      keep: { type: 'boolean', default: false },
    },
  })
  return {
    parts: values.only.split(',').map(partNamed),
    size: positive(values.size, 'size'),
    seconds: positive(values.seconds, 'seconds'),
    rounds: Math.max(5, positive(values.rounds, 'rounds')),
    directory: values.dir,
    keep: values.keep,
  }
}

function partNamed(name: string): Part {
  const part = PARTS.find(known => known === name)
  if (part === undefined) throw new Error(`--only takes ${PARTS.join(', ')}, not ${name}`)
  return part
}

function positive(text: string, name: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new Error(`--${name} takes a positive number, not ${text}`)
  return value
}
