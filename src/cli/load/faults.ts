// What is done to a server, or to the connections to it, in the middle of a run.
import { Usage } from '../usage-error.js'

const FAULTS = ['kill', 'cut'] as const

/** `kill`: the server is ended as `kill -9` does it, and brought up on what it left. `cut`: all connections break. */
export type FaultKind = (typeof FAULTS)[number]

export interface Fault {
  readonly kind: FaultKind
  /** Seconds since the beginning. */
  readonly at: number
}

export interface DoneFault extends Fault {
  /** How long the server was away. */
  readonly awaySeconds: number
}

/** `kill@20,cut@40`. Those without a time are spread over the run. */
export function faultsFrom(text: string, seconds: number): readonly Fault[] {
  const words = text.split(',').filter(word => word !== '')
  const faults = words.map((word, index) => {
    const [, kind = '', at] = /^([a-z]+)(?:@(\d+(?:\.\d+)?))?$/.exec(word) ?? []
    const known = FAULTS.find(fault => fault === kind)
    if (known === undefined) throw new Usage(`--faults takes a list such as kill@20,cut@40, and not ${word}`)
    return { kind: known, at: at === undefined ? (seconds * (index + 1)) / (words.length + 1) : Number(at) }
  })
  const late = faults.find(({ at }) => at >= seconds)
  if (late !== undefined) throw new Usage(`--faults: ${late.kind}@${late.at} is after the end of the run`)
  return faults.sort((one, other) => one.at - other.at)
}
