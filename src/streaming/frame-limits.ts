// What one connection of the stream may send, hold and take, and how long; docs/FRAMES.md tells them.
const KIB = 1024
const MIB = 1024 * KIB

export const FRAME_LIMITS = Object.freeze({
  /** All that a socket may send before its token is known. */
  strangerBytes: 64 * KIB,
  /** Sockets whose token is not known yet: from one address, */
  strangersOfAddress: 128,
  /** and in all. */
  strangers: 1_024,
  /** Frames that came while the token of the first one is being looked at. */
  heldFrames: 1_000,
  frameBytes: MIB,
  /** Of a frame `append`: a batch, and what stands around its events. */
  appendFrameBytes: 10 * MIB + 256 * KIB,
  /** Of a message cut into pieces. */
  fragments: 1_024,
  idChars: 64,
  /** Subscriptions and consumers of one connection. */
  followings: 100,
  appendsInFlight: 256,
  appendBytesInFlight: 16 * MIB,
  /** Of all connections of one agent. */
  agentAppendBytesInFlight: 32 * MIB,
  /** What has come and is not handled: so much is free for each connection, and beyond it the agent's budget is drawn upon */
  freeBytes: 64 * KIB,
  /** in steps of so much. */
  stepBytes: 256 * KIB,
  /** A piece of a frame weighs at least so much: what is kept of it is no smaller. */
  pieceBytes: 256,
  /** Frames are handled for so long in a round of the event loop; what is left of them waits for its turn. */
  turnMs: 5,
  /** Of a turn, when several agents wait for it. */
  sliceMs: 1,
  authMs: 5_000,
  heartbeatMs: 15_000,
  /** No further events are written to a socket that holds so many bytes, */
  roomBytes: 256 * KIB,
  /** and at so many, which only answers can make, it is not read any further either. */
  answerBytes: MIB,
  /** For a client to answer that the connection is closed. */
  closeMs: 2_000,
  /** All that a close frame has room for. */
  closeReasonBytes: 123,
  /** The same reason in `goaway`, which has more. */
  goawayReasonBytes: KIB,
})

/** The relations that must hold between the limits; the names of those that do not. */
export function brokenFrameRelations(limits: typeof FRAME_LIMITS): string[] {
  const relations: readonly (readonly [string, boolean])[] = [
    ['strangersOfAddress < strangers', limits.strangersOfAddress < limits.strangers],
    ['strangerBytes <= frameBytes', limits.strangerBytes <= limits.frameBytes],
    ['frameBytes < appendFrameBytes', limits.frameBytes < limits.appendFrameBytes],
    ['appendFrameBytes <= appendBytesInFlight', limits.appendFrameBytes <= limits.appendBytesInFlight],
    ['appendBytesInFlight <= agentAppendBytesInFlight', limits.appendBytesInFlight <= limits.agentAppendBytesInFlight],
    ['freeBytes <= stepBytes', limits.freeBytes <= limits.stepBytes],
    ['sliceMs < turnMs', limits.sliceMs < limits.turnMs],
    ['roomBytes <= answerBytes', limits.roomBytes <= limits.answerBytes],
  ]
  return relations.filter(([, holds]) => !holds).map(([name]) => name)
}
