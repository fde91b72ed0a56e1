// How much a gate tries: a sample on every run, everything when LIGHTHOUSE_SOAK is set, and always by a seed that is printed.

const soak = Number(process.env['LIGHTHOUSE_SOAK'] ?? 0)

/** 0 on every run; 1 and more multiply. */
export const SOAK = Number.isFinite(soak) && soak > 0 ? soak : 0

/** The same on every run, so that what fails once fails again; another in each soak. */
export const SEED = Number(process.env['LIGHTHOUSE_SEED'] ?? (SOAK > 0 ? Date.now() % 2 ** 31 : 1))

/** Every how many-th case is tried: all of them in a soak. */
export function stride(fast: number): number {
  return SOAK > 0 ? 1 : fast
}

/** What a gate did, on one line of the test's output. */
export function tell(gate: string, counts: Readonly<Record<string, number | string>>): void {
  const said = Object.entries({ ...counts, seed: SEED }).map(([what, count]) => `${what} ${count}`)
  process.stdout.write(`${gate}: ${said.join(', ')}\n`)
}
