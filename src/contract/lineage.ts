// Which log a store holds. A restore begins a new lineage, so that whoever followed the log before is told where the
// two part instead of being given other events under positions that it knows.
import { StoreError } from './errors.js'
import type { Position } from './event.js'

export interface Lineage {
  /** 32 hex digits. */
  readonly id: string
  /** Which start of the store this is. It rises with each, so that an older process can be told from a newer one. */
  readonly epoch: number
  /** When this start was, RFC 3339. */
  readonly epochSince: string
  /** When the lineage began, RFC 3339. */
  readonly since: string
  /** The lineages it went on from, the youngest first. */
  readonly ancestors: readonly Ancestor[]
}

export interface Ancestor {
  readonly id: string
  /** The last position that it has in common with the lineage that went on from it. */
  readonly fork: Position
}

/** The last position up to which the log is the one that `known` names; 0 for a lineage that this store never had. */
export function forkFrom({ id, ancestors }: Lineage, known: string): Position {
  if (known === id) return Number.POSITIVE_INFINITY
  let fork = Number.POSITIVE_INFINITY
  for (const ancestor of ancestors) {
    fork = Math.min(fork, ancestor.fork)
    if (ancestor.id === known) return fork
  }
  return 0
}

/** Refuses to go on from a position that stands for another event in the log that the reader knows. */
export function mustBeInCommon(lineage: Lineage, known: string, position: Position): void {
  const fork = forkFrom(lineage, known)
  if (position <= fork) return
  const what = fork === 0 ? 'no position in common with it' : `the positions up to ${fork} in common with it`
  const detail = `Position ${position} is of the lineage ${known}; this store is ${lineage.id} and has ${what}`
  throw new StoreError('LINEAGE_FORKED', detail, { fork })
}
