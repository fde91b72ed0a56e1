// The store a trial begins with: streams, types and tags of a fleet that has worked for a while, and what the attacks aim at.
import { openEmbedded } from '../../src/backends/embedded/embedded-store.js'
import type { NewEvent } from '../../src/contract/event.js'
import { Random } from '../support/random.js'

export const TYPES = Array.from({ length: 32 }, (_, n) => `Work.Step${n}`)
export const TAGS = Array.from({ length: 31 }, (_, n) => `group:${n}`)
const STREAMS = 500
const BATCH = 1_000
const LARGE_SHARE = 1 / 6
const TARGET_EVENTS = 1_000

/** A name on which every glob of many letters and stars has to be tried at every place. */
export function longName(before: string): string {
  return before + 'a'.repeat(240 - before.length)
}

export async function fillStore(directory: string, events: number, targets: readonly string[]): Promise<void> {
  const store = await openEmbedded({ directory, nodeId: 'node-1' })
  const random = new Random(60)
  const author = { agentId: 'fleet' }
  try {
    for (let left = events; left > 0; left -= BATCH) {
      const batch = Array.from({ length: Math.min(BATCH, left) }, () => eventOf(random))
      await store.append({ events: batch, author })
    }
    for (const stream of targets) {
      const one: NewEvent = { type: 'Work.Target', stream, data: { text: 'x'.repeat(100) } }
      await store.append({ events: Array.from({ length: Math.min(TARGET_EVENTS, events) }, () => one), author })
    }
  } finally {
    await store.close()
  }
}

function eventOf(random: Random): NewEvent {
  const number = random.below(STREAMS)
  return {
    type: random.pick(TYPES),
    stream: number % 10 === 0 ? `public_${number}` : `work_${number}`,
    data: { number, text: 'x'.repeat(random.chance(LARGE_SHARE) ? 1_000 : 100) },
    tags: [random.pick(TAGS), random.pick(TAGS)],
    correlationId: `c-${random.below(5_000)}`,
  }
}
