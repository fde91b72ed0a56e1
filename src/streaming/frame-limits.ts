// The limits of the stream's connections, as docs/FRAMES.md lists them.
const KIB = 1024
const MIB = 1024 * KIB

export const FRAME_LIMITS = Object.freeze({
  /** All bytes that a socket may send before its token is known. */
  strangerBytes: 64 * KIB,
  /** Sockets of one address whose token is not known yet. */
  strangersOfAddress: 128,
  /** Such sockets in all. */
  strangers: 1_024,
  /** Frames that may wait while the token of the first one is being verified. */
  heldFrames: 1_000,
  frameBytes: MIB,
  /** A frame `append` has room for the largest batch and for what surrounds its events. */
  appendFrameBytes: 10 * MIB + 256 * KIB,
  /** Fragments of one message. */
  fragments: 1_024,
  idChars: 64,
  /** Subscriptions and consumers of one connection. */
  followings: 100,
  appendsInFlight: 256,
  appendBytesInFlight: 16 * MIB,
  /** The same over all connections of one agent, which may open many. */
  agentAppendBytesInFlight: 32 * MIB,
  /** Unhandled bytes that each connection may hold before it takes from its agent's budget. */
  freeBytes: 64 * KIB,
  /** It takes from the budget in steps of so many bytes, so that not every frame has to be counted there. */
  stepBytes: 256 * KIB,
  /** A piece of a frame counts as at least so many bytes, because keeping a small one takes no less memory. */
  pieceBytes: 256,
  /** Frames are handled for so long in a round of the event loop; the rest waits for a turn. */
  turnMs: 5,
  /** One agent's share of a turn when several agents wait. */
  sliceMs: 1,
  authMs: 5_000,
  heartbeatMs: 15_000,
  /** No events are written to a socket that holds so many bytes its client has not taken. */
  roomBytes: 256 * KIB,
  /** At so many, which only answers can reach, it is not read either; its answers would otherwise pile up. */
  answerBytes: MIB,
  /** For a client to answer the close frame. */
  closeMs: 2_000,
  /** The most that a close frame has room for. */
  closeReasonBytes: 123,
  /** For the same reason in a `goaway`, which has more room. */
  goawayReasonBytes: KIB,
})

/** Returns the names of the relations between the limits that do not hold, so it must be empty. */
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
