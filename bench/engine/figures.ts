// Medians, percentiles, and rounds that take turns, so that a machine's mood falls on every side alike.

export function percentile(values: readonly number[], fraction: number): number {
  if (values.length === 0) return Number.NaN
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] as number
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5)
}

export interface Percentiles {
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly p999: number
}

export function percentiles(values: readonly number[]): Percentiles {
  const sorted = Float64Array.from(values).sort()
  const at = (fraction: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] ?? Number.NaN
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), p999: at(0.999) }
}

/** Longer than a store's idle mark takes to be written, so that it falls into no side's round. */
const PAUSE_MS = 80

export function pause(milliseconds = PAUSE_MS): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, milliseconds))
}

export type Sides<T> = Readonly<Record<string, () => T | Promise<T>>>

/** A round of each side, again and again, forwards and backwards by turns. The first turn warms up and is dropped. */
export async function alternate<T, S extends Sides<T>>(rounds: number, sides: S): Promise<Record<keyof S, T[]>> {
  const names = Object.keys(sides)
  const results = Object.fromEntries(names.map(name => [name, [] as T[]])) as Record<keyof S, T[]>
  for (let round = 0; round <= rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const result = await (sides[name] as () => T | Promise<T>)()
      if (round > 0) results[name as keyof S].push(result)
      await pause()
    }
  }
  return results
}
