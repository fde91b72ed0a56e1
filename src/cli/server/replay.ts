// `lighthouse replay`: prints stored events as lines of JSON, in the time in which they happened or in a multiple of it.
import { setTimeout as wait } from 'node:timers/promises'
import type { RecordedEvent } from '#client'
import type { Terminal } from '../command.js'
import { EXIT } from '../exit.js'
import { watched } from '../long-work/progress.js'
import { Usage } from '../usage-error.js'
import type { Wish } from './address.js'
import { askedFilter, type FilterWish, numberFrom } from './options.js'
import { eventPrinter, Lines } from './print.js'
import { ResumeFile } from './resume-file.js'
import { PATIENT, type Server, withServer } from './server.js'

interface ReplayWish extends Wish, FilterWish {
  readonly after?: string
  readonly before?: string
  readonly since?: string
  readonly until?: string
  readonly limit?: string
  readonly speed: string
  readonly 'longest-pause'?: string
  readonly 'resume-file'?: string
  readonly format?: string
}

export async function replay(wish: ReplayWish, terminal: Terminal): Promise<number> {
  const pace = paceOf(wish)
  const resume = wish['resume-file'] === undefined ? undefined : new ResumeFile(wish['resume-file'])
  const after = resume?.position ?? numberFrom('after', wish.after) ?? 0
  const before = numberFrom('before', wish.before)
  const limit = numberFrom('limit', wish.limit)
  const { since, until } = wish
  if (limit === 0) return EXIT.clean
  const signal = terminal.interrupted?.()
  const printed = new Printed(terminal, {
    line: eventPrinter({ ...wish, json: wish.format === undefined }, terminal),
    resume,
  })
  const work = async ({ lighthouse }: Server) => {
    // What is stored while it goes on is not part of it, so it comes to an end.
    const end = Math.min(before ?? Number.POSITIVE_INFINITY, (await lighthouse.head()) + 1)
    const request = { ...askedFilter(wish), after, before: end, since, until, limit, signal }
    await watched(terminal, { name: 'replay', unit: 'positions', total: end - 1 - after }, async progress => {
      for await (const event of lighthouse.read(request)) {
        await paced(event, { pace, printed, signal })
        await printed.add(event)
        progress.at(event.position - after)
      }
      await printed.flush()
    })
  }
  try {
    await withServer(wish, terminal, work, PATIENT)
  } catch (error) {
    if (!signal?.aborted) throw error
    await printed.flush()
    terminal.err(`lighthouse replay: ended behind position ${printed.position ?? after}; --after goes on there`)
    return EXIT.interrupted
  } finally {
    resume?.save()
  }
  return EXIT.clean
}

interface Pacing {
  readonly pace: ReplayPace | undefined
  readonly printed: Printed
  readonly signal: AbortSignal | undefined
}

/** Whoever reads has everything before there is a pause. */
async function paced(event: RecordedEvent, { pace, printed, signal }: Pacing): Promise<void> {
  const ms = pace?.waitBefore(Date.parse(event.timestamp)) ?? 0
  if (ms <= 0) return
  await printed.flush()
  // A timer of Node holds no more than 24 days.
  for (let left = ms; left > 0; left -= DAY_MS) await wait(Math.min(left, DAY_MS), undefined, { signal })
}

const DAY_MS = 86_400_000

/** Undefined: as fast as they come. */
function paceOf({ speed, 'longest-pause': longest }: ReplayWish): ReplayPace | undefined {
  const longestSeconds = numberFrom('longest-pause', longest) ?? Number.POSITIVE_INFINITY
  if (speed === 'max') return undefined
  const factor = /^\d{1,9}(\.\d{1,9})?$/.test(speed) ? Number(speed) : 0
  if (factor > 0) return new ReplayPace(factor, longestSeconds * 1_000)
  throw new Usage(`--speed takes a factor such as 1, 0.5 or 60, or max, and not ${JSON.stringify(speed)}`)
}

/** Says when the next is due. What printing takes is made good in the pauses, so a replay does not fall behind. */
export class ReplayPace {
  private last: number | undefined
  private due = 0

  constructor(
    private readonly factor: number,
    private readonly longestMs: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Milliseconds to wait before an event of this time is printed; not above 0 where it is due already. */
  waitBefore(time: number): number {
    const now = this.now()
    if (this.last === undefined) this.due = now
    else this.due += Math.min(this.longestMs, Math.max(0, time - this.last) / this.factor)
    this.last = time
    return this.due - now
  }
}

interface Printing {
  readonly line: (event: RecordedEvent) => string
  readonly resume: ResumeFile | undefined
}

/** Where a reader is told to go on is behind what has been printed, and never further. */
class Printed {
  /** Of the last event that went out. */
  position: number | undefined
  private added: number | undefined
  private waiting = 0
  private readonly lines: Lines

  constructor(
    terminal: Terminal,
    private readonly printing: Printing,
  ) {
    this.lines = new Lines(terminal)
  }

  async add(event: RecordedEvent): Promise<void> {
    await this.lines.add(this.printing.line(event))
    this.added = event.position
    if (++this.waiting >= 1_000) await this.flush()
  }

  async flush(): Promise<void> {
    await this.lines.flush()
    this.waiting = 0
    if (this.added === undefined) return
    this.position = this.added
    this.printing.resume?.passed(this.added)
  }
}
