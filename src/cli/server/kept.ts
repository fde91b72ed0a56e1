// `lighthouse projections` and `lighthouse snapshot`: the states that a server keeps.
import { readFileSync } from 'node:fs'
import type { Terminal } from '../command.js'
import { EXIT } from '../exit.js'
import type { Wish } from './address.js'
import { askedFilter, type FilterWish, objectOf } from './options.js'
import { inTable, printObject, printRows } from './print.js'
import { withServer } from './server.js'

interface KeptWish extends Wish {
  readonly json?: boolean
}

interface Projection {
  readonly name: string
  readonly version: number
  readonly live: boolean
  readonly definedBy: string
  readonly description?: string
}

export async function listProjections(wish: KeptWish, terminal: Terminal): Promise<number> {
  const answer = await withServer(wish, terminal, server =>
    server.ask<{ readonly projections: readonly Projection[] }>('v1/projections'),
  )
  const table = () =>
    inTable(
      ['PROJECTION', 'VERSION', 'LIVE', 'DEFINED BY', 'DESCRIPTION'],
      answer.projections.map(({ name, version, live, definedBy, description }) => [
        ...[name, version, live ? 'yes' : 'no', definedBy, description],
      ]),
    )
  await printRows(answer.projections, { json: wish.json, table, none: 'No projection is defined.' }, terminal)
  return EXIT.clean
}

const pathOf = (name: string) => `v1/projections/${encodeURIComponent(name)}`

export async function showProjection(name: string, wish: KeptWish, terminal: Terminal): Promise<number> {
  await printObject(await withServer(wish, terminal, server => server.ask(pathOf(name))), terminal)
  return EXIT.clean
}

export async function defineProjection(
  name: string,
  file: string,
  { wish, terminal }: { readonly wish: KeptWish; readonly terminal: Terminal },
): Promise<number> {
  const body = objectOf(readFileSync(file, 'utf8'), file)
  const defined = await withServer(wish, terminal, server =>
    server.ask<Projection>(pathOf(name), { method: 'PUT', body }),
  )
  if (wish.json) await printObject(defined, terminal)
  else await terminal.out(`the projection ${name} is version ${defined.version}`)
  return EXIT.clean
}

export async function deleteProjection(name: string, wish: KeptWish, terminal: Terminal): Promise<number> {
  await withServer(wish, terminal, server => server.ask(pathOf(name), { method: 'DELETE' }))
  if (wish.json) await printObject({ deleted: name }, terminal)
  else await terminal.out(`the projection ${name} is deleted; the events stay`)
  return EXIT.clean
}

interface Snapshot {
  readonly id: string
  readonly fold: string
  readonly position: number
  readonly events: number | null
  readonly createdAt: string
  readonly stateBytes: number | null
  readonly protected: boolean
}

export async function listSnapshots(wish: KeptWish, terminal: Terminal): Promise<number> {
  const { snapshots } = await withServer(wish, terminal, server =>
    server.ask<{ readonly snapshots: readonly Snapshot[] }>('v1/snapshots'),
  )
  const table = () =>
    inTable(
      ['SNAPSHOT', 'POSITION', 'EVENTS', 'BYTES', 'MADE', ''],
      snapshots.map(({ id, position, events, stateBytes, createdAt, protected: kept }) => [
        ...[id, position, events ?? undefined, stateBytes ?? undefined, createdAt, kept ? 'protected' : ''],
      ]),
    )
  await printRows(snapshots, { json: wish.json, table, none: 'There is no snapshot.' }, terminal)
  return EXIT.clean
}

interface KeepWish extends KeptWish, FilterWish {
  readonly projection?: string
  readonly reducer?: string
  readonly key?: string
}

export async function keepSnapshots(name: string | undefined, wish: KeepWish, terminal: Terminal): Promise<number> {
  const { projection, reducer, key } = wish
  const filter = Object.fromEntries(Object.entries(askedFilter(wish)).filter(([, value]) => value !== undefined))
  const whole = Object.keys(filter).length === 0
  const body = { name, projection, reducer, key, ...(whole ? undefined : { filter }) }
  const kept = await withServer(wish, terminal, server =>
    server.ask<{ readonly fold: { readonly id: string }; readonly snapshot: Snapshot | null }>('v1/snapshots', {
      method: 'POST',
      body,
    }),
  )
  if (wish.json) await printObject(kept, terminal)
  else {
    const made = kept.snapshot === null ? 'none yet, for there is no event' : `${kept.snapshot.id} now`
    await terminal.out(`snapshots are kept of ${kept.fold.id}; ${made}`)
  }
  return EXIT.clean
}

/** A verdict that is not `sound` is a no. */
export async function verifySnapshot(id: string, wish: KeptWish, terminal: Terminal): Promise<number> {
  const path = `v1/snapshots/${encodeURIComponent(id)}/verify`
  const answer = await withServer(wish, terminal, server =>
    server.ask<{ readonly verdict: string }>(path, { method: 'POST', body: {} }),
  )
  if (wish.json) await printObject(answer, terminal)
  else await terminal.out(answer.verdict)
  return answer.verdict === 'sound' ? EXIT.clean : EXIT.no
}

export async function showSnapshot(id: string, wish: KeptWish, terminal: Terminal): Promise<number> {
  const path = `v1/snapshots/${encodeURIComponent(id)}/state`
  await printObject(await withServer(wish, terminal, server => server.ask(path)), terminal)
  return EXIT.clean
}
