// `lighthouse events`, `event`, `streams`, `state`: what is stored, as a server shows it.
import type { RecordedEvent } from '#client'
import type { Terminal } from '../command.js'
import { EXIT } from '../exit.js'
import { Refused, Usage } from '../usage-error.js'
import type { Wish } from './address.js'
import { askedFilter, type FilterWish, numberFrom } from './options.js'
import { eventPrinter, inTable, Lines, printObject, printRows } from './print.js'
import { type Server, withServer } from './server.js'

interface Printed {
  readonly json?: boolean
  readonly format?: string
}

interface EventsWish extends Wish, FilterWish, Printed {
  readonly after?: string
  readonly before?: string
  readonly since?: string
  readonly until?: string
  readonly limit?: string
  readonly last?: string
}

export async function printEvents(wish: EventsWish, terminal: Terminal): Promise<number> {
  const last = numberFrom('last', wish.last)
  const limit = numberFrom('limit', wish.limit)
  if (last !== undefined && limit !== undefined) throw new Usage('--last and --limit exclude each other')
  if (last === 0 || limit === 0) return EXIT.clean
  const request = {
    ...askedFilter(wish),
    after: numberFrom('after', wish.after),
    before: numberFrom('before', wish.before),
    since: wish.since,
    until: wish.until,
  }
  const line = eventPrinter(wish, terminal)
  const lines = new Lines(terminal)
  await withServer(wish, terminal, async ({ lighthouse }) => {
    if (last === undefined) {
      for await (const event of lighthouse.read({ ...request, limit })) await lines.add(line(event))
      return
    }
    // The newest come first from the server; a terminal shows the newest last.
    const newest: RecordedEvent[] = []
    for await (const event of lighthouse.read({ ...request, limit: last, order: 'desc' })) newest.push(event)
    for (const event of newest.reverse()) await lines.add(line(event))
  })
  await lines.flush()
  return EXIT.clean
}

export async function printEvent(id: string, wish: Wish & Printed, terminal: Terminal): Promise<number> {
  const event = await withServer(wish, terminal, server => eventNamed(server, id))
  if (wish.format === undefined) await printObject(event, terminal)
  else await terminal.out(eventPrinter(wish, terminal)(event))
  return EXIT.clean
}

/** By its id or its position. */
export async function eventNamed({ lighthouse }: Server, name: string): Promise<RecordedEvent> {
  const event = await lighthouse.event(/^\d{1,15}$/.test(name) ? Number(name) : name)
  if (event !== undefined) return event
  const next = 'lighthouse events --last 10 shows the newest; a token sees only what it may read.'
  throw new Refused('NOT_FOUND', `There is no event ${JSON.stringify(name)} that this token may read.`, next)
}

export async function printStreams(
  globs: readonly string[],
  wish: Wish & { readonly json?: boolean; readonly limit?: string },
  terminal: Terminal,
): Promise<number> {
  const limit = numberFrom('limit', wish.limit)
  const streams = await withServer(wish, terminal, ({ lighthouse }) =>
    all(lighthouse.streams(globs.length === 0 ? undefined : globs, { limit })),
  )
  const table = () =>
    inTable(
      ['STREAM', 'REVISION', 'LAST POSITION'],
      streams.map(({ stream, revision, lastPosition }) => [stream, revision, lastPosition]),
    )
  await printRows(streams, { json: wish.json, table, none: 'There is no such stream.' }, terminal)
  return EXIT.clean
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

interface StateWish extends Wish {
  readonly at?: string
  readonly key?: string
  readonly reducer?: string
  readonly version?: string
  readonly projection?: boolean
  readonly json?: boolean
}

/** A name is a stream's where there is such a stream, else a projection's. The state alone is printed; JSON has it all. */
export async function printState(name: string, wish: StateWish, terminal: Terminal): Promise<number> {
  const state = await withServer(wish, terminal, async server => {
    const { at, key, version } = wish
    if (wish.projection !== true && (await server.lighthouse.stream(name)) !== undefined)
      return await server.lighthouse.state(name, { at: moment(at), key, reducer: reducerOf(wish.reducer) })
    const path = `v1/projections/${encodeURIComponent(name)}/state`
    try {
      return await server.ask<{ readonly state: unknown }>(path, { query: { at, key, version } })
    } catch (error) {
      if (!(error instanceof Refused && error.code === 'NOT_FOUND')) throw error
      const next = 'lighthouse streams and lighthouse projections list what there is.'
      const what = wish.projection ? 'no projection' : 'neither a stream nor a projection'
      throw new Refused('NOT_FOUND', `There is ${what} ${JSON.stringify(name)} that this token may read.`, next)
    }
  })
  await printObject(wish.json ? state : state.state, terminal)
  return EXIT.clean
}

function moment(at: string | undefined): number | string | undefined {
  return at !== undefined && /^\d{1,15}$/.test(at) ? Number(at) : at
}

const REDUCERS = ['merge', 'last', 'count', 'collect', 'set'] as const

function reducerOf(name: string | undefined): (typeof REDUCERS)[number] | undefined {
  if (name === undefined) return undefined
  const found = REDUCERS.find(known => known === name)
  if (found === undefined) throw new Usage(`--reducer takes one of ${REDUCERS.join(', ')}`)
  return found
}
