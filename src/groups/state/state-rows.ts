// The whole state of a group as rows, cut into parts that are small enough for events, and back. Pure.
import type { Action, StatePart, StateRow } from './group-events.js'
import { emptyState, type GroupState } from './group-state.js'

/** Well below what an event may weigh, so that a part that also holds the largest filter still fits. */
const PART_BYTES = 400 * 1024
const ITEMS_A_ROW = 1_000

export function partsOf(state: GroupState): StatePart[] {
  const chunks: StateRow[][] = [[]]
  let bytes = 0
  for (const row of rowsOf(state)) {
    const size = Buffer.byteLength(JSON.stringify(row))
    if (bytes + size > PART_BYTES && bytes > 0) {
      chunks.push([])
      bytes = 0
    }
    bytes += size
    chunks.at(-1)?.push(row)
  }
  return chunks.map((rows, part) => ({ type: 'SubscriptionState', part, parts: chunks.length, rows }))
}

function* rowsOf(state: GroupState): Generator<StateRow> {
  yield ['group', state.definition ?? null, state.lastNumber, state.floor]
  for (const positions of chunked([...state.settled])) yield ['settled', positions]
  for (const [position, { attempt, stream, correlation, number, deadlineMs, consumer }] of state.inFlight) {
    yield ['out', position, attempt, stream, correlation ?? null, number, deadlineMs, consumer]
  }
  for (const [position, { attempt, stream, correlation, notBeforeMs }] of state.retrying) {
    yield ['returned', position, attempt, stream, correlation ?? null, notBeforeMs]
  }
  for (const [position, { attempt, stream, correlation, atMs, reason }] of state.parked) {
    yield ['parked', position, attempt, stream, correlation ?? null, atMs, reason]
  }
  yield* recentRows(state.recent)
}

/** Keeps the order, in which the tokens are forgotten; neighbours with the same action share a row. */
function* recentRows(recent: ReadonlyMap<string, Action>): Generator<StateRow> {
  let run: { readonly action: Action; readonly tokens: string[] } | undefined
  for (const [token, action] of recent) {
    if (run?.action === action && run.tokens.length < ITEMS_A_ROW) {
      run.tokens.push(token)
      continue
    }
    if (run !== undefined) yield ['recent', run.action, run.tokens]
    run = { action, tokens: [token] }
  }
  if (run !== undefined) yield ['recent', run.action, run.tokens]
}

function* chunked<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += ITEMS_A_ROW) yield items.slice(at, at + ITEMS_A_ROW)
}

export function stateOf(parts: readonly StatePart[]): GroupState {
  const state = emptyState()
  for (const { rows } of parts) for (const row of rows) restore(state, row)
  return state
}

function restore(state: GroupState, row: StateRow): void {
  switch (row[0]) {
    case 'group':
      state.definition = row[1] ?? undefined
      state.lastNumber = row[2]
      state.floor = row[3]
      break
    case 'settled':
      for (const position of row[1]) state.settled.add(position)
      break
    case 'out':
      state.inFlight.set(row[1], { ...known(row), number: row[5], deadlineMs: row[6], consumer: row[7] })
      break
    case 'returned':
      state.retrying.set(row[1], { ...known(row), notBeforeMs: row[5] })
      break
    case 'parked':
      state.parked.set(row[1], { ...known(row), atMs: row[5], reason: row[6] })
      break
    case 'recent':
      for (const token of row[2]) state.recent.set(token, row[1])
  }
}

function known([, , attempt, stream, correlation]: Extract<
  StateRow,
  readonly ['out' | 'returned' | 'parked', ...unknown[]]
>) {
  return correlation === null ? { attempt, stream } : { attempt, stream, correlation }
}
