// Loaded into a server before anything else: after SIGWINCH each thread that starts finds the clock of the machine an hour back.
import { isMainThread } from 'node:worker_threads'

const HOUR_MS = 3_600_000
/** A thread begins with the variables that the thread has which starts it. */
const BACK = 'CLOCK_IS_BACK_MS'

if (isMainThread)
  process.on('SIGWINCH', () => {
    process.env[BACK] = String(HOUR_MS)
  })
else {
  const backMs = Number(process.env[BACK] ?? 0)
  const { now } = Date
  Date.now = () => now() - backMs
}
