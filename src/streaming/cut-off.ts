// Ends the connections of readers that were told that their answer is over, and have stopped reading.
import type { ServerResponse } from 'node:http'

/** How long a reader has to take the frame that tells it so. */
const GRACE_MS = 2_000

/** The connection is cut, not the answer: what was handed to it may wait there for the reader, and the server for both. */
export function cutOffLater(answer: ServerResponse): void {
  const connection = answer.socket
  const timer = setTimeout(() => connection?.destroy(), GRACE_MS).unref()
  // What comes next on the connection is another answer.
  answer.once('close', () => clearTimeout(timer))
}
