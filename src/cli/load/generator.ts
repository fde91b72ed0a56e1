// A process that makes load: it hears from the command what to do, and tells it what came of everything, twice a second.
import { Lighthouse } from '#client'
import { CuttableConnections } from './cuttable-connections.js'
import type { FromGenerator, Plan, ToGenerator } from './messages.js'
import { type GeneratorWork, type Tools, workOf } from './roles.js'
import { RunClock, Tally } from './sender.js'

const TELL_MS = 500
const TIMEOUT_MS = 10_000
/** Until the run is over. */
const FOREVER = { attempts: 100_000, longestDelayMs: 1_000 }

const tally = new Tally()
const connections = new CuttableConnections()
const awaitingToken: ((token: string) => void)[] = []
let work: GeneratorWork | undefined
let seconds = 0
let halfIsOver = Number.POSITIVE_INFINITY
let part: keyof typeof resident = 'firstHalf'
/** The most bytes in each part. */
const resident = { firstHalf: 0, secondHalf: 0, check: 0 }

function say(message: FromGenerator): void {
  process.send?.(message)
}

function tell(): void {
  if (part === 'firstHalf' && Date.now() >= halfIsOver) part = 'secondHalf'
  resident[part] = Math.max(resident[part], process.memoryUsage.rss())
  const rows = tally.take()
  if (rows.length > 0) say({ say: 'tally', rows })
}

function toolsOf(plan: Plan): Tools {
  const token = () =>
    new Promise<string>(resolve => {
      awaitingToken.push(resolve)
      say({ say: 'token' })
    })
  const setting = {
    url: plan.url,
    token,
    timeoutMs: TIMEOUT_MS,
    // With one of its own the client makes every append a request, however many are under way.
    fetch,
  }
  const patient = new Lighthouse({ ...setting, retry: FOREVER })
  const lighthouse = plan.profile.refused === 'retried' ? patient : new Lighthouse({ ...setting, retry: false })
  return { plan, lighthouse, patient, tally }
}

async function hear(message: ToGenerator): Promise<void> {
  switch (message.say) {
    case 'plan':
      seconds = message.plan.phases.at(-1)?.ends ?? 0
      work = workOf(toolsOf(message.plan))
      await work.prepare()
      tally.take()
      return say({ say: 'ready' })
    case 'begin':
      halfIsOver = message.at + seconds * 500
      setInterval(tell, TELL_MS).unref()
      await work?.run(new RunClock(message.at))
      return say({ say: 'sent' })
    case 'token':
      for (const resolve of awaitingToken.splice(0)) resolve(message.token)
      return
    case 'cut':
      return connections.cut()
    case 'end': {
      part = 'check'
      const result = await work?.end()
      tell()
      if (result !== undefined) say({ say: 'ended', result, memory: resident })
    }
  }
}

process.on('message', (message: ToGenerator) => {
  hear(message).catch((error: unknown) => say({ say: 'broken', why: String(error) }))
})
// Whoever has begun it is gone, and nobody reads what it finds.
process.on('disconnect', () => process.exit())
