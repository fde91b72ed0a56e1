// `lighthouse tail`: prints events as they are stored, through breaks of the connection, until Ctrl-C.
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { RecordedEvent } from '#client'
import { codeOf } from '../../contract/errors.js'
import type { Terminal } from '../command.js'
import { EXIT } from '../exit.js'
import { Usage } from '../usage-error.js'
import type { Wish } from './address.js'
import { askedFilter, type FilterWish, numberFrom } from './options.js'
import { eventPrinter } from './print.js'
import { type Server, withServer } from './server.js'

interface TailWish extends Wish, FilterWish {
  readonly after?: string
  readonly last?: string
  readonly limit?: string
  readonly 'resume-file'?: string
  readonly format?: string
  readonly json?: boolean
}

/** The file is written at most this often while events come fast, and once more at the end. */
const SAVE_MS = 250

export async function tail(wish: TailWish, terminal: Terminal): Promise<number> {
  const resume = wish['resume-file'] === undefined ? undefined : new ResumeFile(wish['resume-file'])
  const interrupted = terminal.interrupted?.()
  const limit = numberFrom('limit', wish.limit) ?? Number.POSITIVE_INFINITY
  if ([wish.after, wish.last].every(given => given !== undefined))
    throw new Usage('--after and --last exclude each other')
  if (limit === 0) return EXIT.clean
  const line = eventPrinter(wish, terminal)
  return await withServer(wish, terminal, async server => {
    // Who the token is has to be known anyway, and an address where nobody listens is told at once.
    await server.lighthouse.whoami({ signal: interrupted })
    let left = limit
    const print = async (event: RecordedEvent) => {
      await terminal.out(line(event))
      resume?.passed(event.position)
      left--
    }
    try {
      const after = resume?.position ?? (await beginning(server, wish, print))
      if (left > 0)
        for await (const event of server.lighthouse.follow({
          ...askedFilter(wish),
          after,
          ...told(terminal, interrupted),
        })) {
          await print(event)
          if (left <= 0) return EXIT.clean
        }
    } finally {
      resume?.save()
    }
    return interrupted?.aborted ? EXIT.interrupted : EXIT.clean
  })
}

function told(terminal: Terminal, signal: AbortSignal | undefined) {
  let away = false
  return {
    signal,
    onInterrupted: ({ detail }: Error & { readonly detail: string }) => {
      if (!away) terminal.err(`lighthouse tail: the connection broke (${detail}); trying again`)
      away = true
    },
    onCaughtUp: () => {
      if (away) terminal.err('lighthouse tail: connected again')
      away = false
    },
  }
}

/** Where the follow begins. The last events before it are printed first, where they are asked for. */
async function beginning(
  { lighthouse }: Server,
  wish: TailWish,
  print: (event: RecordedEvent) => Promise<void>,
): Promise<number | string> {
  const last = numberFrom('last', wish.last)
  if (last === undefined)
    return wish.after !== undefined && /^\d+$/.test(wish.after) ? Number(wish.after) : (wish.after ?? 'head')
  const head = await lighthouse.head()
  if (last === 0) return head
  const newest: RecordedEvent[] = []
  for await (const event of lighthouse.read({ ...askedFilter(wish), before: head + 1, limit: last, order: 'desc' }))
    newest.push(event)
  for (const event of newest.reverse()) await print(event)
  return head
}

/** Holds the last position that was printed. After a crash a few events may be printed again, and none is left out. */
class ResumeFile {
  readonly position: number | undefined
  private latest: number | undefined
  private saved = 0

  constructor(private readonly file: string) {
    this.position = positionIn(file)
  }

  passed(position: number): void {
    this.latest = position
    if (Date.now() - this.saved >= SAVE_MS) this.save()
  }

  save(): void {
    if (this.latest === undefined) return
    const next = `${this.file}.next`
    writeFileSync(next, `${this.latest}\n`)
    renameSync(next, this.file)
    this.latest = undefined
    this.saved = Date.now()
  }
}

function positionIn(file: string): number | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
  if (!/^\d{1,15}\n?$/.test(text))
    throw new Usage(`${file} holds no position: it is not one that --resume-file has made`)
  return Number(text)
}
