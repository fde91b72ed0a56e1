// What one connection of the stream may hold and how long it may take; docs/FRAMES.md tells them.
const KIB = 1024
const MIB = 1024 * KIB

export const FRAME_LIMITS = Object.freeze({
  frameBytes: 16 * MIB,
  /** Of a message cut into pieces. */
  fragments: 1_024,
  idChars: 64,
  /** Subscriptions and consumers of one connection. */
  followings: 100,
  appendsInFlight: 256,
  appendBytesInFlight: 16 * MIB,
  authMs: 5_000,
  heartbeatMs: 15_000,
  /** No further events are written to a socket that holds so many bytes, */
  roomBytes: 256 * KIB,
  /** and at so many, which only answers can make, it is not read any further either. */
  answerBytes: MIB,
  /** For a client to answer that the connection is closed. */
  closeMs: 2_000,
  /** Frames that came while the token of the first one is being looked at. */
  heldFrames: 1_000,
})
