// The figures of many groups: those furthest behind by name, the rest in one sum.
import { expect, test } from '@jest/globals'
import { OTHER } from '../metrics/busiest-labels.js'
import { figuresOf } from './group-gauges.js'
import type { GroupStatus } from './state/group-status.js'

const STALLED = { code: 'PARKED_FULL', detail: '' }

function status(lag: number, parked: number, stalled: GroupStatus['stalled'] = null): GroupStatus {
  const none = { oldestInFlight: null, nextDue: null, consumers: 0, head: 100, position: 100 }
  return { ...none, floor: 100 - lag, lag, inFlight: 2, retrying: 1, parked, stalled }
}

test('groups beyond those furthest behind are summed, those that stand still among them', () => {
  const progress = new Map([
    ['near', status(1, 10, STALLED)],
    ['far', status(90, 0)],
    ['nearer', status(2, 20, STALLED)],
  ])
  expect([...figuresOf(progress, 1)]).toEqual([
    ['far', figures(90, 2, 1, 0, 0)],
    [OTHER, figures(3, 4, 2, 30, 2)],
  ])
})

function figures(...[lag, inFlight, retrying, parked, stalled]: readonly number[]) {
  return {
    subscription_lag: lag,
    subscription_in_flight: inFlight,
    subscription_retrying: retrying,
    subscription_parked: parked,
    subscription_stalled: stalled,
  }
}
