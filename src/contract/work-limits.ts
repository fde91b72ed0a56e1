// How much one agent may hold open or have the server keep at a time: the limits and the relations between them.

const MIB = 1024 * 1024

export interface WorkLimits {
  readonly connections: number
  readonly subscriptions: number
  readonly wideSubscriptions: number
  readonly openReads: number
  readonly costlyReads: number
  readonly waits: number
  readonly groups: number
  readonly asyncAppends: number
  readonly tickets: number
  readonly bufferedBytes: number
}

export type Work = keyof WorkLimits

/** What each limit counts, in the words of problems and of the configuration page. */
export const HELD_WORK: Readonly<Record<Work, string>> = {
  connections: 'connections of the stream',
  subscriptions: 'subscriptions and consumers of its connections, and server-sent streams',
  wideSubscriptions:
    'subscriptions and waits that name no stream, type, tag, agent, correlation, causation or session exactly, or many characters of patterns',
  openReads: 'answers that last as long as their reader likes: lines, exports, replays',
  costlyReads: 'reads under way that look at many events before they answer',
  waits: 'long polls, of events and of groups',
  groups: 'consumer groups of its own',
  asyncAppends: 'asynchronous appends that are not stored yet',
  tickets: 'tickets that are neither used nor over',
  bufferedBytes: 'bytes that its connections have sent and that are not handled yet',
}

/** Used where YAML and LIGHTHOUSE_WORK_LIMITS say nothing. */
export const DEFAULT_WORK_LIMITS: WorkLimits = Object.freeze({
  connections: 100,
  subscriptions: 1_000,
  wideSubscriptions: 100,
  openReads: 32,
  costlyReads: 16,
  waits: 250,
  groups: 50,
  asyncAppends: 250,
  tickets: 100,
  bufferedBytes: 32 * MIB,
})

/** The relations between the limits that do not hold; empty when all do. */
export function brokenRelations(limits: WorkLimits): string[] {
  const relations: readonly (readonly [string, boolean])[] = [
    ['wideSubscriptions <= subscriptions', limits.wideSubscriptions <= limits.subscriptions],
    ['connections <= subscriptions', limits.connections <= limits.subscriptions],
    ['bufferedBytes holds the largest frame', limits.bufferedBytes >= 10 * MIB],
  ]
  return relations.filter(([, holds]) => !holds).map(([name]) => name)
}
