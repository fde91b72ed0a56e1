// `lighthouse tail`: prints events as they are stored, through breaks of the connection, until Ctrl-C.
import type { RecordedEvent } from '#client'
import type { Terminal } from '../command.js'
import { EXIT } from '../exit.js'
import { Usage } from '../usage-error.js'
import type { Wish } from './address.js'
import { askedFilter, type FilterWish, numberFrom } from './options.js'
import { eventPrinter } from './print.js'
import { ResumeFile } from './resume-file.js'
import { PATIENT, type Server, withServer } from './server.js'

interface TailWish extends Wish, FilterWish {
  readonly after?: string
  readonly last?: string
  readonly limit?: string
  readonly 'resume-file'?: string
  readonly format?: string
  readonly json?: boolean
}

export async function tail(wish: TailWish, terminal: Terminal): Promise<number> {
  const resume = wish['resume-file'] === undefined ? undefined : new ResumeFile(wish['resume-file'])
  const interrupted = terminal.interrupted?.()
  const limit = numberFrom('limit', wish.limit) ?? Number.POSITIVE_INFINITY
  if ([wish.after, wish.last].every(given => given !== undefined))
    throw new Usage('--after and --last exclude each other')
  if (limit === 0) return EXIT.clean
  const line = eventPrinter(wish, terminal)
  try {
    // Whoever cannot begin is told at once; only what has begun goes on through breaks.
    await withServer(wish, terminal, ({ lighthouse }) => lighthouse.whoami({ signal: interrupted }))
    return await withServer(wish, terminal, server => followed(server), PATIENT)
  } catch (error) {
    if (interrupted?.aborted) return EXIT.interrupted
    throw error
  }

  async function followed(server: Server): Promise<number> {
    let left = limit
    const print = async (event: RecordedEvent) => {
      await terminal.out(line(event))
      resume?.passed(event.position)
      left--
    }
    try {
      const after = await beginning(server, { wish, resume, print })
      const request = { ...askedFilter(wish), after, ...told(terminal, interrupted) }
      if (left > 0)
        for await (const event of server.lighthouse.follow(request)) {
          await print(event)
          if (left <= 0) break
        }
    } finally {
      resume?.save()
    }
    return interrupted?.aborted ? EXIT.interrupted : EXIT.clean
  }
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

interface Beginning {
  readonly wish: TailWish
  readonly resume: ResumeFile | undefined
  readonly print: (event: RecordedEvent) => Promise<void>
}

/** Where the follow begins. The last events before it are printed first, where they are asked for. */
async function beginning({ lighthouse }: Server, { wish, resume, print }: Beginning): Promise<number | string> {
  if (resume?.position !== undefined) return resume.position
  const { after } = wish
  if (after === 'start') return 0
  if (after !== undefined && after !== 'head') return /^\d+$/.test(after) ? Number(after) : after
  const head = await lighthouse.head()
  // What is stored while nobody follows is printed the next time, also when nothing comes now.
  resume?.passed(head)
  const last = numberFrom('last', wish.last) ?? 0
  if (last === 0) return head
  const newest: RecordedEvent[] = []
  for await (const event of lighthouse.read({ ...askedFilter(wish), before: head + 1, limit: last, order: 'desc' }))
    newest.push(event)
  for (const event of newest.reverse()) await print(event)
  return head
}
