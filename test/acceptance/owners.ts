// The owners of tasks, as a projection of the server, and folded by the simplest code there could be beside it.
import type { RecordedEvent } from '../../client/src/lighthouse.js'

export const OWNERS = 'owners'

export const OWNERS_PROJECTION = {
  filter: { types: ['state.*'] },
  key: 'data.owner',
  initial: { events: 0 },
  on: {
    'state.*': [
      { op: 'increment', path: '/events' },
      { op: 'set', path: '/status', from: 'data.status' },
      { op: 'increment', path: '/progress', from: 'data.progress' },
    ],
    'state.merged': [{ op: 'set', path: '/merged', from: 'data.entity' }],
  },
  live: true,
} as const

interface Owner {
  events: number
  status?: unknown
  progress?: number
  merged?: unknown
}

export class Owners {
  readonly state: Record<string, Owner> = {}
  events = 0

  add({ type, data }: RecordedEvent): void {
    if (!type.startsWith('state.')) return
    this.events++
    const { owner: name, status, progress, entity } = data
    if (typeof name !== 'string') return
    this.state[name] ??= { events: 0 }
    const owner = this.state[name]
    owner.events++
    owner.status = status
    owner.progress = (owner.progress ?? 0) + (progress as number)
    if (type === 'state.merged') owner.merged = entity
  }

  /** As it is now, whatever is added later. */
  get text(): string {
    return textOf(this.state)
  }
}

/** The same for equal states, in whichever order their keys came. */
export function textOf(state: unknown): string {
  return JSON.stringify(state, (_, value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )
}
