// The cells of the table: what is measured of every system by turns, each on systems that have just been started.
import { BATCH, BATCH_CLIENTS } from './events.js'
import { type AppendWork, READS, type ReadKind } from './system.js'

interface CellName {
  readonly name: string
  readonly what: string
}

export interface AppendCell extends CellName {
  readonly append: AppendWork
  /** Of one piece of work. */
  readonly events: number
}

export interface ReadCell extends CellName {
  readonly read: ReadKind
}

export interface PlainCell extends CellName {
  readonly plain: 'seen' | 'start'
}

export type Cell = AppendCell | ReadCell | PlainCell

const singles = (clients: number): AppendCell => ({
  name: `singles-${clients}`,
  what: clients === 1 ? '1 client, 1 event at a time, HTTP' : `${clients} clients, 1 event at a time, HTTP`,
  append: { kind: 'singles', clients, way: 'http' },
  events: 1,
})

const socket = (clients: number): AppendCell => ({
  name: `socket-${clients}`,
  what: `${clients} at once over one socket`,
  append: { kind: 'shared', clients, way: 'socket' },
  events: 1,
})

const batches = (way: 'json' | 'msgpack'): AppendCell => ({
  name: `batches-${way}`,
  what: `batches of ${BATCH}, ${way === 'json' ? 'JSON' : 'MessagePack'}, ${BATCH_CLIENTS} clients`,
  append: { kind: 'batches', clients: BATCH_CLIENTS, way },
  events: BATCH,
})

const official = (way: 'client' | 'appender', what: string): AppendCell => ({
  name: `${way}-64`,
  what,
  append: { kind: 'shared', clients: 64, way },
  events: 1,
})

const READ_WORDS: Readonly<Record<ReadKind, string>> = {
  all: 'read all',
  stream: 'read a stream',
  type: 'read by type',
  tag: 'read by tag',
}

export const CELLS: readonly Cell[] = [
  ...[1, 16, 64].map(singles),
  ...[64, 256].map(socket),
  ...(['json', 'msgpack'] as const).map(batches),
  {
    name: 'conditional-16',
    what: '16 clients, each expecting a revision, HTTP',
    append: { kind: 'conditional', clients: 16, way: 'http' },
    events: 1,
  },
  official('client', 'official client, 64 `append()` at once'),
  official('appender', 'official client, 64 at once by `appender()`'),
  { name: 'seen', what: 'append → seen by another, 500 events/s', plain: 'seen' },
  ...READS.map((read): ReadCell => ({ name: `read-${read}`, what: READ_WORDS[read], read })),
  { name: 'start', what: 'start, idle memory, disk', plain: 'start' },
]

/** A cell by its name, several by what their names begin with. */
export function chosenCells(given: string): readonly Cell[] {
  const names = given.split(',').filter(name => name !== '')
  const meant = (name: string) => {
    const exact = CELLS.filter(cell => cell.name === name)
    return exact.length > 0 ? exact : CELLS.filter(cell => cell.name.startsWith(name))
  }
  const unknown = names.filter(name => meant(name).length === 0)
  if (unknown.length > 0) throw new Error(`there is no cell ${unknown.join(', ')}; --list names them`)
  return names.length === 0 ? CELLS : CELLS.filter(cell => names.some(name => meant(name).includes(cell)))
}
