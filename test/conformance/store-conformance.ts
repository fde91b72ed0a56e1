// The published suite that proves any backend to be an event store: run it, and declare the differences.
import { describe } from '@jest/globals'
import { describeAppends } from './appends.js'
import { describeBadInput } from './bad-input.js'
import { describeFidelity } from './fidelity.js'
import { describeIdempotency } from './idempotency.js'
import { describeLife } from './life.js'
import { describePreconditions } from './preconditions.js'
import { describeReads } from './reads.js'
import { describeUrgent } from './urgent.js'
import { type Difference, type OpenStore, World } from './vocabulary.js'

export function describeStore(name: string, open: OpenStore, differences: readonly Difference[]): void {
  const differs = (id: Difference['id']) => differences.some(difference => difference.id === id)
  const told = differences.map(({ id, reason }) => `${id}: ${reason}`).join('; ') || 'none'

  describe(`${name} is an event store (differences: ${told})`, () => {
    const world = new World(open)
    describeAppends(world)
    describePreconditions(world)
    describeIdempotency(world, { survivesReopening: !differs('volatile') })
    describeUrgent(world)
    describeReads(world)
    describeFidelity(world, { keepsNegativeZero: !differs('negative-zero') })
    describeBadInput(world)
    describeLife(world, { survivesReopening: !differs('volatile') })
  })
}
