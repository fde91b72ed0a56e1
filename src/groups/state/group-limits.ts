// Every bound of consumer groups in one place.

export const GROUP_LIMITS = Object.freeze({
  nameChars: 64,
  /** Groups on one server. */
  groups: 1_000,
  /** The JSON of a new definition: its filter, beginning, settings and consumers. */
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
  /** Matching positions above the floor that one window holds. */
  aboveFloor: 10_000,
  /** Counts events in flight and retrying, too, because each of them may have to be parked. */
  parked: 10_000,
  /** The tokens settled last; settling one of these again in the same way succeeds. */
  settledRemembered: 10_000,
  /** After so many state events the whole state is written, which bounds what is read to open the group. */
  changesBetweenStates: 1_000,
  /** The events of one take together; a single event is handed out even if it weighs more. */
  takeBytes: 8 * 1024 * 1024,
  /** Events kept in memory from reading to handing out: of one group here, and of all together below. */
  keptBytesOfGroup: 8 * 1024 * 1024,
  keptBytes: 16 * 1024 * 1024,
  /** Matching positions that the windows of all groups hold together. */
  knownPositions: 100_000,
})

export const NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/
