// The profiles of load: how many agents, which operations in which proportions, and how their rate goes over the time of a run.

/** What is timed. Those from `deliver` on come of what others do, and no schedule asks for them. */
export const LOAD_OPERATIONS = [
  'append',
  'batch',
  'event',
  'page',
  'query',
  'conditional',
  'repeat',
  'conflict',
  'invalid',
  'deliver',
  'work',
] as const

export type LoadOperation = (typeof LOAD_OPERATIONS)[number]

/** Shares of the operations of a schedule; they need not add up to one. */
export type Mix = Partial<Readonly<Record<LoadOperation, number>>>

export interface Phase {
  readonly name: string
  /** Of the duration of the run. */
  readonly share: number
  /** Operations a second when it begins; towards its end the rate grows, or falls, by the same factor each second. */
  readonly from: number
  readonly to: number
  /** `calm` and `busy` are held to the service levels; in `beyond` the server is asked for more than it may be able to do. */
  readonly kind: 'calm' | 'busy' | 'beyond'
}

export interface Profile {
  readonly says: string
  readonly agents: number
  readonly phases: readonly Phase[]
  readonly mix: Mix
  /** Events of a `batch`. */
  readonly batch: number
  /** Events that are stored before the time begins, for reads to find something. */
  readonly preload: number
  /** Followers of all events, and agents of one consumer group. */
  readonly followers: number
  readonly workers: number
  /** Five agents, four of whom misbehave, append beside the schedule. */
  readonly misbehaving: boolean
  /** The share of events from 10 KB to 1 MB. */
  readonly largeShare: number
  /** The service levels: the usual ones, or those for where every operation takes the costly way. */
  readonly levels: 'usual' | 'costly'
  /** Of one generator, at most so many are under way at once. */
  readonly underWay: number
  /** Of a server of its own. */
  readonly settings: Readonly<Record<string, string>>
  /** Whoever is refused comes again, as agents do, or is counted and gone, so that the load stays what it is. */
  readonly refused: 'retried' | 'counted'
}

export interface PlannedPhase extends Phase {
  /** Seconds since the beginning. */
  readonly begins: number
  readonly ends: number
}

const perMinute = (events: number) => events / 60

const USUAL = {
  batch: 20,
  preload: 0,
  followers: 0,
  workers: 0,
  misbehaving: false,
  largeShare: 0.001,
  levels: 'usual',
  // A server that does not answer would take the memory of the generator too.
  underWay: 2_000,
  settings: {},
  refused: 'retried',
} as const

/** As in production one of ten requests is logged. */
const LONG_SETTINGS = { LIGHTHOUSE_ACCESS_LOG_ONE_IN: '10' }
/**
 * In an hour something stops the machine for seconds. Ten agents would wait then, and go on; thousands of requests would
 * all run into their time limit, come again at once, and leave the server no time to work off any.
 */
const LONG_UNDER_WAY = 64

function even(name: string, share: number, rate: number, kind: Phase['kind'] = 'busy'): Phase {
  return { name, share, from: rate, to: rate, kind }
}

const STRESS = perMinute(20_000)
const PEAK = perMinute(5_000)
/** A page has a thousand events, and a query looks at ten thousand: agents seldom need either. */
const READS = { event: 0.978, page: 0.02, query: 0.002 }
const part = (mix: Mix, share: number): Mix =>
  Object.fromEntries(Object.entries(mix).map(([name, weight]) => [name, weight * share]))

export const PROFILES = {
  single: {
    ...USUAL,
    says: 'one agent through a day: a quiet night, 100 events a minute at work, 1,000 in a burst',
    agents: 1,
    phases: [
      even('night', 0.15, perMinute(10), 'calm'),
      even('morning', 0.3, perMinute(100), 'calm'),
      even('burst', 0.15, perMinute(1_000)),
      even('afternoon', 0.25, perMinute(100), 'calm'),
      even('night', 0.15, perMinute(10), 'calm'),
    ],
    mix: { append: 1 },
  },
  five: {
    ...USUAL,
    says: 'five agents who work with each other, 5,000 events a minute at the peak',
    agents: 5,
    phases: [
      { name: 'begin of work', share: 0.2, from: PEAK / 5, to: PEAK, kind: 'calm' },
      even('active development', 0.8, PEAK),
    ],
    mix: { append: 1 },
  },
  ten: {
    ...USUAL,
    says: 'ten agents, 20,000 events a minute all the time',
    agents: 10,
    phases: [even('stress', 1, STRESS)],
    mix: { append: 1 },
  },
  burst: {
    ...USUAL,
    says: 'five agents, for a third of the time with ten times as many events, and back within 30 s',
    agents: 5,
    phases: [even('before', 1 / 6, PEAK, 'calm'), even('burst', 1 / 3, 10 * PEAK), even('after', 1 / 2, PEAK, 'calm')],
    mix: { append: 1 },
  },
  'write-heavy': {
    ...USUAL,
    says: '80 of 100 operations append, 20 read',
    agents: 5,
    phases: [even('write-heavy', 1, STRESS)],
    mix: { append: 0.75, batch: 0.05, ...part(READS, 0.2) },
    preload: 10_000,
  },
  'read-heavy': {
    ...USUAL,
    says: '20 of 100 operations append, 80 read',
    agents: 5,
    phases: [even('read-heavy', 1, STRESS)],
    mix: { append: 0.2, ...part(READS, 0.8) },
    preload: 10_000,
  },
  mixed: {
    ...USUAL,
    says: 'appends, reads, followers and a consumer group at once, with agents beside who crash and say things twice',
    agents: 10,
    phases: [even('production', 1, STRESS / 2)],
    mix: { append: 0.55, batch: 0.05, ...part(READS, 0.35), repeat: 0.03, conflict: 0.02 },
    preload: 10_000,
    followers: 5,
    workers: 3,
    misbehaving: true,
  },
  pathological: {
    ...USUAL,
    says: 'the costly ways alone: conditions over all events, queries by content, large events, conflicts, invalid events',
    agents: 10,
    phases: [even('pathological', 1, PEAK / 2)],
    mix: {
      append: 0.3,
      batch: 0.05,
      conditional: 0.18,
      query: 0.02,
      page: 0.03,
      repeat: 0.1,
      conflict: 0.1,
      invalid: 0.1,
    },
    batch: 100,
    preload: 10_000,
    followers: 2,
    misbehaving: true,
    largeShare: 0.02,
    levels: 'costly',
  },
  ramp: {
    ...USUAL,
    says: 'more and more batches of 20, until the server no longer answers in time, and then little',
    agents: 10,
    phases: [
      even('before', 0.1, 10, 'calm'),
      { name: 'ramp', share: 0.6, from: 10, to: 1_000, kind: 'beyond' },
      even('after', 0.3, 10, 'calm'),
    ],
    mix: { batch: 1 },
    refused: 'counted',
  },
  overload: {
    ...USUAL,
    says: 'twice as many batches of 20 as the server has shown to take, for more than half of the time',
    agents: 10,
    phases: [even('before', 0.15, 10, 'calm'), even('overload', 0.55, 0, 'beyond'), even('after', 0.3, 10, 'calm')],
    mix: { batch: 1 },
    settings: { LIGHTHOUSE_APPEND_WAIT_MS: '15' },
    refused: 'counted',
  },
  hour: {
    ...USUAL,
    says: '10,000 events a second, of which most come in batches of 20, and reads beside them',
    agents: 10,
    phases: [even('sustained', 1, 646)],
    mix: { batch: 495, append: 100, event: 50, page: 1 },
    // A large one in a thousand would be a fifth of all bytes.
    largeShare: 0,
    underWay: LONG_UNDER_WAY,
    // Five minutes: the log of an hour would fill most disks that this is tried on.
    settings: { ...LONG_SETTINGS, LIGHTHOUSE_ARCHIVE_AFTER_DAYS: '0.0035' },
  },
  day: {
    ...USUAL,
    says: 'the same at 20,000 events a minute, archived after three hours and removed after twelve',
    agents: 10,
    phases: [even('sustained', 1, 646 * (STRESS / 10_000))],
    mix: { batch: 495, append: 100, event: 50, page: 1 },
    largeShare: 0,
    underWay: LONG_UNDER_WAY,
    settings: { ...LONG_SETTINGS, LIGHTHOUSE_ARCHIVE_AFTER_DAYS: '0.125', LIGHTHOUSE_RETAIN_ARCHIVES_DAYS: '0.5' },
  },
} as const satisfies Readonly<Record<string, Profile>>

export type ProfileName = keyof typeof PROFILES

export function isProfile(name: string): name is ProfileName {
  return Object.hasOwn(PROFILES, name)
}

/** How many times what the server has shown to take it is asked for where a profile leaves the rate open. */
const TOO_MUCH = 2

interface Wished {
  readonly seconds: number
  readonly scale: number
  /** Operations a second that the server has shown to take. */
  readonly capacity: number
}

/** The phases in seconds and with their rates. An open rate is a multiple of the capacity, and the scale is not for it. */
export function planned({ phases }: Profile, { seconds, scale, capacity }: Wished): readonly PlannedPhase[] {
  let begins = 0
  return phases.map(phase => {
    const ends = begins + phase.share * seconds
    const rate = (given: number) => (given === 0 ? TOO_MUCH * capacity : given * scale)
    const whole = { ...phase, from: rate(phase.from), to: rate(phase.to), begins, ends }
    begins = ends
    return whole
  })
}

export function isCalibrated({ phases }: Profile): boolean {
  return phases.some(({ from }) => from === 0)
}
