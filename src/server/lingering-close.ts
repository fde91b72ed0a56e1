// Closes a connection after its last answer so that the client can still read that answer.
import type { Socket } from 'node:net'

/** Limits what is still read from the client: bytes in all, time in all, and time without a byte. */
const LINGER = { bytes: 64 * 1024 * 1024, ms: 15_000, silenceMs: 2_000 } as const

/**
 * Closing a connection with unread bytes of the client resets it, and a reset discards what the client has received
 * but not read: the answer that gives the reason. So the sending side is ended, and incoming bytes are read and dropped
 * until the client ends too or a limit is reached.
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
