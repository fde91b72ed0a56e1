// The figures of consumer groups for the metrics: by name for those furthest behind, summed for the rest. Pure.
import { OTHER } from '../metrics/busiest-labels.js'
import type { GroupStatus } from './state/group-status.js'

export const GROUP_GAUGES = {
  subscription_lag: 'Positions between the floor of a consumer group and the head.',
  subscription_in_flight: 'Events handed out whose deadline has not passed.',
  subscription_retrying: 'Events handed out before that wait to be handed out again.',
  subscription_parked: 'Events put aside.',
  subscription_stalled: '1 while a consumer group hands out nothing new, else 0.',
} as const

type Figures = Readonly<Record<keyof typeof GROUP_GAUGES, number>>

const NAMED = 100

export function figuresOf(progress: ReadonlyMap<string, GroupStatus>, named = NAMED): Map<string, Figures> {
  const found = new Map<string, Figures>()
  const furthestBehindFirst = [...progress].sort(([, a], [, b]) => b.lag - a.lag)
  for (const [at, [name, { lag, inFlight, retrying, parked, stalled }]] of furthestBehindFirst.entries()) {
    const label = at < named ? name : OTHER
    const sum = found.get(label)
    found.set(label, {
      subscription_lag: (sum?.subscription_lag ?? 0) + lag,
      subscription_in_flight: (sum?.subscription_in_flight ?? 0) + inFlight,
      subscription_retrying: (sum?.subscription_retrying ?? 0) + retrying,
      subscription_parked: (sum?.subscription_parked ?? 0) + parked,
      subscription_stalled: (sum?.subscription_stalled ?? 0) + (stalled === null ? 0 : 1),
    })
  }
  return found
}
