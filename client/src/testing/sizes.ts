// How large the data of generated events is: 100 bytes to 10 KB, many small ones and a long tail, and a few up to 1 MB.
import type { JsonObject, JsonValue } from '../event.js'
import type { Random } from './random.js'

export const SIZES = Object.freeze({ least: 100, usualMost: 10_240, most: 1_000_000 })

const MEAN_BYTES = 1024
const SPREAD = 0.8
/** More keys than a server takes must not come of it, so beyond these steps a large event is one long text. */
const MOST_STEPS = 50
const LEAST_FOR_STEPS = 300
const POOL_CHARS = 32_768

const WORDS = (
  'agent checks policy before command runs and records why it was allowed sandbox limit path token budget retry state ' +
  'plan step tool result file branch test build deploy review queue worker latency memory disk network region pod'
).split(' ')

const encoder = new TextEncoder()

export function bytesOf(data: JsonValue): number {
  return encoder.encode(JSON.stringify(data)).length
}

export class Filler {
  private readonly pool: string

  constructor(
    private readonly random: Random,
    /** The share of events beyond 10 KB. */
    private readonly largeShare: number,
  ) {
    this.pool = poolOf(random)
  }

  /** The data with steps and a note, so that as JSON it has a size drawn for it; as it is, when it is larger already. */
  filled(data: JsonObject): JsonObject {
    const bytes = this.size()
    let left = bytes - bytesOf(data)
    if (left <= 0) return data
    const steps: JsonObject[] = []
    if (left > LEAST_FOR_STEPS) left -= ',"steps":[]'.length
    while (left > LEAST_FOR_STEPS && steps.length < MOST_STEPS) {
      const { random } = this
      const step = { tool: random.pick(WORDS), ok: random.chance(0.9), note: this.text(random.between(40, 160)) }
      steps.push(step)
      // All of it is ASCII without escapes, and a comma follows.
      left -= JSON.stringify(step).length + 1
    }
    const note = this.text(Math.max(1, left - ',"note":""'.length))
    return steps.length === 0 ? { ...data, note } : { ...data, steps, note }
  }

  /** Log-normal up to 10 KB; of so large a share anything beyond, each order of magnitude as often. */
  private size(): number {
    const { random, largeShare } = this
    const large = random.chance(largeShare)
    const bytes = large
      ? SIZES.usualMost * (SIZES.most / SIZES.usualMost) ** random.next()
      : Math.exp(Math.log(MEAN_BYTES) - SPREAD ** 2 / 2 + SPREAD * random.normal())
    return Math.round(Math.min(large ? SIZES.most : SIZES.usualMost, Math.max(SIZES.least, bytes)))
  }

  /** Pieces of one long text, because millions of events are to be made in minutes. */
  private text(chars: number): string {
    let text = ''
    while (text.length < chars) {
      const from = this.random.between(0, POOL_CHARS / 2)
      text += this.pool.slice(from, from + chars - text.length)
    }
    return text
  }
}

/** One word in six is an identifier: text of agents is not prose alone. */
function poolOf(random: Random): string {
  let pool = ''
  while (pool.length < POOL_CHARS) pool += random.chance(0.16) ? `${random.hex(8)} ` : `${random.pick(WORDS)} `
  return pool
}
