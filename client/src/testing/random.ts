// Random numbers that a seed repeats exactly, and the few distributions that generated events and faults need.

export class Random {
  private state: number

  /** Numbers of equal seeds are equal, on every platform; a text as `7/session/builder` is a seed of its own. */
  constructor(private readonly seed: number | string) {
    this.state = hashOf(String(seed))
  }

  /** Another sequence, which depends on the seed and the name alone, not on what has been drawn here. */
  fork(name: string): Random {
    return new Random(`${this.seed}/${name}`)
  }

  /** A number in [0, 1). The generator is mulberry32. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** An integer in [from, to], both included. */
  between(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1))
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new TypeError('there is nothing to pick from')
    return items[Math.floor(this.next() * items.length)] as T
  }

  hex(digits: number): string {
    let text = ''
    while (text.length < digits) text += this.between(0, 0xffff).toString(16).padStart(4, '0')
    return text.slice(0, digits)
  }

  /** Of mean 0 and deviation 1. */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next())
  }

  /** The time until the next event of a process without memory, in the unit of its mean. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.next())
  }

  /** How many events of a process without memory fall into a time in which `mean` are expected. */
  poisson(mean: number): number {
    let count = 0
    for (let passed = this.exponential(1); passed < mean; passed += this.exponential(1)) count++
    return count
  }
}

/** FNV-1a, with a final mixing so that seeds that differ in their last character do not begin alike. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
