// The open-loop schedule: when each operation is to be sent, decided beforehand by the profile and a seed, whatever the server does.
import { Random } from '#client/testing'
import type { LoadOperation, Mix, PlannedPhase } from './profile.js'

export interface Planned {
  /** Milliseconds since the beginning. */
  readonly at: number
  readonly operation: LoadOperation
}

interface Share {
  readonly seed: string
  /** The part of all operations that this generator has. */
  readonly part: number
}

/** Independent agents together make a process without memory: the times between operations are exponential. */
export function* schedule(
  phases: readonly PlannedPhase[],
  mix: Mix,
  { seed, part }: Share,
): Generator<Planned, void, void> {
  const times = new Random(`${seed}/times`)
  const kinds = new Random(`${seed}/operations`)
  for (const phase of phases) {
    const end = phase.ends * 1_000
    for (let at = phase.begins * 1_000; ; ) {
      at += times.exponential(1_000 / (part * rateAt(phase, at / 1_000)))
      if (at >= end) break
      yield { at, operation: pickedFrom(mix, kinds) }
    }
  }
}

/** Operations a second at this second of the run. */
export function rateAt({ begins, ends, from, to }: PlannedPhase, second: number): number {
  if (from === to) return from
  return from * (to / from) ** ((second - begins) / (ends - begins))
}

/** At the time of the run; undefined once it is over. */
export function phaseAt(phases: readonly PlannedPhase[], second: number): PlannedPhase | undefined {
  return phases.find(({ ends }) => second < ends)
}

export function peakOf(phases: readonly PlannedPhase[]): number {
  return Math.max(...phases.flatMap(({ from, to }) => [from, to]))
}

function pickedFrom(mix: Mix, random: Random): LoadOperation {
  const shares = Object.entries(mix) as [LoadOperation, number][]
  let left = random.next() * shares.reduce((sum, [, share]) => sum + share, 0)
  for (const [operation, share] of shares) {
    left -= share
    if (left < 0) return operation
  }
  return (shares.at(-1) as [LoadOperation, number])[0]
}
