// What is measured side by side: a system that keeps events, and the work that is the same for all of them.
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { ProcessTree } from './process-tree.js'

export const READS = ['all', 'stream', 'type', 'tag'] as const
export type ReadKind = (typeof READS)[number]

/** `shared`: many appends at once in the way that the system is best at, over one connection where it can. */
export type AppendKind = 'singles' | 'shared' | 'batches' | 'conditional'

/** How Lighthouse is spoken to. Its peers have one way each. */
export type Way = 'http' | 'socket' | 'json' | 'msgpack' | 'client' | 'appender'

export interface AppendWork {
  readonly kind: AppendKind
  readonly clients: number
  readonly way: Way
}

export interface Clients {
  /** The client's piece of work number `turn`; resolves when it is acknowledged. */
  append(client: number, turn: number): Promise<unknown>
  close(): Promise<void>
}

/** A writer and a reader that waits for what is new. */
export interface Watch {
  send(number: number): Promise<unknown>
  close(): Promise<void>
}

export interface System {
  readonly name: string
  readonly version: string
  readonly processes: ProcessTree
  readonly readyMs: number
  /** Where its files lie. */
  readonly directory: string
  /** What each client of conditional appends knows last of its stream: a revision or a position. */
  readonly known: number[]
  appending(work: AppendWork): Promise<Clients>
  /** Reads everything of a kind once, in order; resolves with how many events that were. Undefined where it cannot. */
  reading(kind: ReadKind): (() => Promise<number>) | undefined
  /** `seen` is told the number of each event as it comes. Undefined where a reader can only ask again and again. */
  watching(seen: (number: number) => void): Promise<Watch> | undefined
  stop(): Promise<void>
}

export interface Peer {
  readonly name: string
  /** What has to be installed for it. */
  readonly needs: readonly string[]
  /** On an empty directory of its own. */
  start(directory: string): Promise<System>
}

/** What its files take, not what they say they have. */
export function bytesOnDisk(directory: string): number {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
  return files.reduce((sum, { parentPath, name }) => sum + allocated(join(parentPath, name)), 0)
}

function allocated(path: string): number {
  // A file may go while it is looked for.
  return (statSync(path, { throwIfNoEntry: false })?.blocks ?? 0) * 512
}
