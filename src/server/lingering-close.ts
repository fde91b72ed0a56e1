// Closes a connection behind its last answer without taking the answer back.
import type { Socket } from 'node:net'

/** What a client still sends that has not yet read its answer: so much of it, for so long, and with such pauses. */
const LINGER = { bytes: 64 * 1024 * 1024, ms: 15_000, silenceMs: 2_000 } as const

/**
 * A connection that is closed while bytes of its client are unread is reset, and a reset discards what the client has
 * received and not read: the answer that says why. So the end of the answer is sent, and what still comes is read and
 * dropped until the client ends as well, within bounds.
 */
export function closeLingering(socket: Socket): void {
  if (socket.destroyed) return
  const most = socket.bytesRead + LINGER.bytes
  const cut = () => socket.destroy()
  const whole = setTimeout(cut, LINGER.ms).unref()
  const silence = setTimeout(cut, LINGER.silenceMs).unref()
  socket.once('close', () => {
    clearTimeout(whole)
    clearTimeout(silence)
  })
  socket.once('end', cut)
  socket.on('data', () => {
    if (socket.bytesRead > most) cut()
    else silence.refresh()
  })
  socket.resume()
  socket.end()
}
