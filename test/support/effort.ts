// How much a gate tries: a small sample in `npm test`, a larger one in `npm run test:tools`, everything when LIGHTHOUSE_SOAK is set; always by a seed that is printed.

const soak = Number(process.env['LIGHTHOUSE_SOAK'] ?? 0)

/** 0 on every run; 1 and more multiply. */
export const SOAK = Number.isFinite(soak) && soak > 0 ? soak : 0

/** The same on every run, so that what fails once fails again; another in each soak. */
export const SEED = Number(process.env['LIGHTHOUSE_SEED'] ?? (SOAK > 0 ? Date.now() % 2 ** 31 : 1))

/** Set by `npm run test:tools`. */
const THOROUGH = process.env['LIGHTHOUSE_THOROUGH'] === '1'

/** Every how many-th case is tried: all of them in a soak, and in `npm test` as few as still show that each kind of case holds. */
export function stride(thorough: number, fast: number): number {
  if (SOAK > 0) return 1
  return THOROUGH ? thorough : fast
}

/** How many are tried where there is no end of cases. */
export function tries(thorough: number, fast: number): number {
  return SOAK > 0 || THOROUGH ? thorough : fast
}

/** What a gate did, on one line of the test's output. */
export function tell(gate: string, counts: Readonly<Record<string, number | string>>): void {
  const said = Object.entries({ ...counts, seed: SEED }).map(([what, count]) => `${what} ${count}`)
  process.stdout.write(`${gate}: ${said.join(', ')}\n`)
}
