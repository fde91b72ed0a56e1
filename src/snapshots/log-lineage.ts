// Decides whether a snapshot was made of this very log, by the event at its position and by where the log begins.
import type { Position } from '../contract/event.js'
import type { EventStore } from '../contract/event-store.js'
import type { LogMark, SnapshotHeader } from './snapshot-file.js'

/**
 * `outdated`: retention has removed events since then, so a fold of today would not have them.
 * `unknown`: the log cannot tell now, because it does not reach so far, or is damaged or unreadable up to there.
 */
export type Fit = 'same' | 'other' | 'outdated' | 'unknown'

export class LogLineage {
  constructor(private readonly store: EventStore) {}

  /** undefined when the log has no event at the position. */
  async markAt(position: Position): Promise<LogMark | undefined> {
    const { first } = this.store.status()
    const event = await this.store.find(position)
    return event === undefined ? undefined : { first, id: event.id, checksum: event.checksum }
  }

  async fit({ position, mark }: Pick<SnapshotHeader, 'position' | 'mark'>): Promise<Fit> {
    const { first, damaged } = this.store.status()
    if (first !== mark.first) return 'outdated'
    if (position > this.store.head() || damaged.some(({ from }) => from <= position)) return 'unknown'
    try {
      const now = await this.markAt(position)
      return now?.id === mark.id && now.checksum === mark.checksum ? 'same' : 'other'
    } catch {
      return 'unknown'
    }
  }
}
