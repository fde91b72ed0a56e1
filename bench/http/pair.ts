// The server and its floor, measured by turns.
import { alternate } from '../engine/figures.js'
import type { LoadResult } from './load.js'

type Side<T> = () => T | Promise<T>

export function pair(
  rounds: number,
  store: Side<LoadResult>,
  floor: Side<{ readonly perSecond: number }>,
): Promise<{ readonly store: LoadResult[]; readonly floor: { readonly perSecond: number }[] }> {
  type Any = LoadResult | { readonly perSecond: number }
  const results = alternate<Any, { store: Side<Any>; floor: Side<Any> }>(rounds, { store, floor })
  return results as Promise<{ store: LoadResult[]; floor: { perSecond: number }[] }>
}

/** How often a second bare work can be done; `work` says how much it did. */
export function pace(work: (turn: number) => number): { readonly perSecond: number } {
  const begun = performance.now()
  let done = 0
  for (let turn = 0; performance.now() - begun < 300; turn++) done += work(turn)
  return { perSecond: (done / (performance.now() - begun)) * 1000 }
}
