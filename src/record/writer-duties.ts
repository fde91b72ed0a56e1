// The one list of what only the writer of a log may do, wherever the rest of the service runs: in threads or on nodes.
import type { EventStore } from '../contract/event-store.js'

/**
 * How what the writer alone decides reaches the others. `asked`: a message, and its answer. `told`: the writer says it to
 * all, and nobody waits. `shared`: a number in memory that all of them read, and none but its owner changes alone.
 */
export type Crossing = 'asked' | 'told' | 'shared'

/** Whether a verb of the store is answered by the writer, or by a follower from its own view of the log. */
export const ANSWERED_BY: { readonly [Verb in keyof EventStore]: 'writer' | 'follower' } = Object.freeze({
  append: 'writer',
  read: 'follower',
  find: 'follower',
  stream: 'follower',
  streams: 'follower',
  head: 'follower',
  beyond: 'follower',
  status: 'follower',
  lineage: 'writer',
  owned: 'writer',
  close: 'follower',
})

/** Each by the name under which docs/adr/0026-threads.md explains it. */
export const WRITER_DUTIES = Object.freeze({
  appends: 'asked',
  'the head': 'shared',
  'batches in flight': 'asked',
  'changes of the files': 'told',
  damage: 'asked',
  'idempotency keys': 'asked',
  'modes of the service': 'told',
  quotas: 'shared',
  'work budgets': 'shared',
  'lines for costly reads': 'shared',
  'failed tokens, preflights': 'shared',
  'connection limits': 'shared',
  revocations: 'told',
  'the time tokens are judged by': 'told',
  definitions: 'told',
  tickets: 'asked',
  'consumer groups': 'asked',
  'live projections': 'asked',
  'asynchronous operations': 'asked',
  snapshots: 'asked',
  'journals and alerts': 'asked',
  metrics: 'asked',
  'service levels, event loops, heaps': 'told',
  'every other route': 'asked',
} as const satisfies Readonly<Record<string, Crossing>>)
