// What a group may ask for and hold: every bound of it in one place.

export const GROUP_LIMITS = Object.freeze({
  nameChars: 64,
  /** Groups of a server. */
  groups: 1_000,
  /** Of a new definition as JSON: its filter, its beginning, its settings and its consumers. */
  definitionBytes: 16 * 1024,
  /** Globs on agents among the consumers of one group. */
  consumerAgents: 100,
  ackTimeoutSecondsMax: 3_600,
  ackTimeoutSecondsDefault: 30,
  attemptsMax: 100,
  attemptsDefault: 5,
  inFlightMax: 10_000,
  inFlightDefault: 1_000,
  takeMax: 1_000,
  takeDefault: 10,
  waitSecondsMax: 50,
  tokensMax: 1_000,
  tokenChars: 40,
  delaySecondsMax: 3_600,
  reasonChars: 512,
  parkedPageMax: 1_000,
  parkedPageDefault: 100,
  /** Matching positions above the floor of which it is known what has become of them. */
  aboveFloor: 10_000,
  /** Parked ones, and those that may yet be. */
  parked: 10_000,
  /** Tokens settled last, which may be settled the same way once more. */
  settledRemembered: 10_000,
  /** State events after which the whole state is written. */
  changesBetweenStates: 1_000,
  /** What the events of one take may weigh together; one alone may always be handed out. */
  takeBytes: 8 * 1024 * 1024,
  /** Events that one group keeps from its reading until they are handed out, and all groups together. */
  keptBytesOfGroup: 8 * 1024 * 1024,
  keptBytes: 16 * 1024 * 1024,
  /** Matching positions that all groups together know in memory. */
  knownPositions: 100_000,
})

export const NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/
