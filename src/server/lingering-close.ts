// Closes a connection behind its last answer without taking the answer back.
import type { Socket } from 'node:net'

/** Of what a client still sends that has not yet read its answer. */
const LINGER_BYTES = 64 * 1024 * 1024
const LINGER_MS = 2_000

/**
 * A connection that is closed while bytes of its client are unread is reset, and a reset discards what the client has
 * received and not read: the answer that says why. So the end of the answer is sent, and what still comes is read and
 * dropped until the client ends as well, within bounds.
 */
export function closeLingering(socket: Socket): void {
  if (socket.destroyed) return
  const most = socket.bytesRead + LINGER_BYTES
  const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref()
  socket.once('close', () => clearTimeout(timer))
  socket.once('end', () => socket.destroy())
  socket.on('data', () => {
    if (socket.bytesRead > most) socket.destroy()
  })
  socket.resume()
  socket.end()
}
