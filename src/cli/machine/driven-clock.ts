// Loaded into a server of the command's own before all else: its time goes by so many times as fast as the time outside, so that days pass in an hour.
import { syncBuiltinESMExports } from 'node:module'
import timers from 'node:timers'
import promises from 'node:timers/promises'
import { promisify } from 'node:util'

const given = new URL(import.meta.url).searchParams
const factor = Number(given.get('factor'))
/** When both clocks show the same, in milliseconds since 1970: before this process, where another was killed. */
const since = Number(given.get('since'))
const { timeOrigin } = performance
const realNow = performance.now.bind(performance)
const realHrtime = process.hrtime.bigint.bind(process.hrtime)
const NS_PER_SECOND = 1_000_000_000n

// All clocks of the process are one, as outside: what is measured with one agrees with what is measured with another.
const elapsed = () => since + (timeOrigin + realNow() - since) * factor
performance.now = () => elapsed() - timeOrigin
const drivenMs = () => Math.floor(elapsed())

class DrivenDate extends Date {
  constructor(...parts: readonly unknown[]) {
    super(...((parts.length === 0 ? [drivenMs()] : parts) as [number]))
  }

  static override now(): number {
    return drivenMs()
  }
}
globalThis.Date = DrivenDate as DateConstructor

/** From no moment of this thread's own, because threads of one process measure together. */
const drivenHrtime = () => BigInt(Math.round(Number(realHrtime()) * factor))
process.hrtime = Object.assign(
  (since?: readonly [number, number]): [number, number] => {
    const now = drivenHrtime() - (since === undefined ? 0n : BigInt(since[0]) * NS_PER_SECOND + BigInt(since[1]))
    return [Number(now / NS_PER_SECOND), Number(now % NS_PER_SECOND)]
  },
  { bigint: drivenHrtime },
)

type Begin = (work: (...more: unknown[]) => void, ms?: number, ...more: unknown[]) => NodeJS.Timeout
type Wait = (ms?: number, ...more: unknown[]) => unknown

const sooner =
  (begin: Begin): Begin =>
  (work, ms, ...more) =>
    begin(work, (ms ?? 0) / factor, ...more)
const soonerWait =
  (wait: Wait): Wait =>
  (ms, ...more) =>
    wait((ms ?? 0) / factor, ...more)

const drivenWait = soonerWait(promises.setTimeout as Wait)
const setTimeoutDriven = Object.assign(sooner(setTimeout as unknown as Begin), { [promisify.custom]: drivenWait })
const setIntervalDriven = sooner(setInterval as unknown as Begin)
Object.assign(globalThis, { setTimeout: setTimeoutDriven, setInterval: setIntervalDriven })
Object.assign(timers, { setTimeout: setTimeoutDriven, setInterval: setIntervalDriven })
Object.assign(promises, { setTimeout: drivenWait, setInterval: soonerWait(promises.setInterval as Wait) })
syncBuiltinESMExports()
