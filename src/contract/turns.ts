// Gives long work its turns on the event loop, so that everything else waits for one turn at most.

/** Milliseconds that a turn may take. */
export const TURN_MS = 5

/**
 * What work may take before it waits for its first turn. Most pages of a thousand events are read and written within it;
 * those that wait halfway cost a quarter more, since what is half made outlives the collections of young garbage.
 */
export const FIRST_MS = 10

/**
 * Rounds of the loop for each turn. Node accepts one connection in a round, so with a turn in every round a burst of a
 * thousand connections would keep the next one waiting for a thousand turns. A round without a turn takes microseconds.
 */
const ROUNDS_A_TURN = 8

/** Work that has had more turns than this is long. */
const SHORT_TURNS = 8

interface Waiting {
  /** When the work began, among all others. */
  readonly born: number
  readonly resume: () => void
}

/**
 * The process has one event loop, so it has one queue for turns, in two lines. Short work is served oldest first: work
 * that is finished before the next begins keeps its half-made results in memory for as short a time as possible. Long
 * work, which may have no end, is served in the order of the calls. The lines take turns, so neither waits for all of
 * the other.
 */
const short: Waiting[] = []
const long: Waiting[] = []
let rounds = 0
let longIsNext = false
let births = 0

/** Resolves when the next turn is the caller's. */
export function nextTurn(): Promise<void> {
  return turnFor(births++, 0)
}

function turnFor(born: number, taken: number): Promise<void> {
  return new Promise(resume => {
    if (short.length + long.length === 0) setImmediate(grant)
    if (taken < SHORT_TURNS) insert({ born, resume })
    else long.push({ born, resume })
  })
}

function insert(one: Waiting): void {
  let at = short.length
  while (at > 0 && (short[at - 1] as Waiting).born > one.born) at--
  short.splice(at, 0, one)
}

function grant(): void {
  if (++rounds < ROUNDS_A_TURN) {
    setImmediate(grant)
    return
  }
  rounds = 0
  const line = short.length === 0 || (longIsNext && long.length > 0) ? long : short
  longIsNext = line === short
  const one = line.shift()
  if (short.length + long.length > 0) setImmediate(grant)
  one?.resume()
}

/** Work that may take longer than a turn checks `isOver` as it goes, and awaits `next` when it is true. */
export class Turn {
  private started = performance.now()
  private readonly born = births++
  private taken = 0

  constructor(
    private readonly laterMs = TURN_MS,
    private lengthMs = FIRST_MS,
  ) {}

  /** For work whose turns have this length, the first one too. */
  static of(ms: number): Turn {
    return new Turn(ms, ms)
  }

  get isOver(): boolean {
    return performance.now() - this.started >= this.lengthMs
  }

  async next(): Promise<void> {
    await turnFor(this.born, this.taken++)
    this.lengthMs = this.laterMs
    this.started = performance.now()
  }

  /** Others have had the loop since, without a call of `next`. */
  restart(): void {
    this.started = performance.now()
  }
}
