// What cores allow by what an event costs each part of server and client. Pure.

/** µs of CPU for each event. */
export interface Costs {
  /** The main thread: all work with one thread, that of the writer with more. */
  readonly main: number
  readonly workers: number
  readonly helpers: number
  readonly client: number
}

/**
 * How many times the rate of one thread so many cores can reach, the client on the same cores: with one thread the main
 * thread is the ceiling, and with many the cores are, if nothing else costs more than before.
 */
export function allowedGain(cores: number, { main, workers, helpers, client }: Costs): number {
  return Math.max(1, (cores * main) / (main + workers + helpers + client))
}

/** Events a second of a server that has so many cores for itself, one front thread for each but the writer's. */
export function projectedRate(cores: number, costs: Costs, ceiling = 1e6 / costs.main): number {
  const { main, workers, helpers } = costs
  const ofAll = (cores * 1e6) / (main + workers + helpers)
  const ofFronts = workers === 0 ? Number.POSITIVE_INFINITY : ((cores - 1) * 1e6) / workers
  return Math.min(ceiling, ofAll, ofFronts)
}

/** `single=55000,batch=200000`: the events a second that the writer does at most, by workload. */
export function ceilingsOf(text: string, known: readonly string[]): ReadonlyMap<string, number> {
  const pairs = text === '' ? [] : text.split(',').map(one => one.split('=') as [string, string?])
  return new Map(
    pairs.map(([name, value]) => {
      const perSecond = Number(value)
      if (known.includes(name) && perSecond > 0) return [name, perSecond]
      throw new Error(`--ceiling takes ${known.join('=N, ')}=N, not ${name}=${value}`)
    }),
  )
}
