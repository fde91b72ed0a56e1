// Passes on what the backend changed in its files by itself, so that it is written down for people to find.
import type { Observer } from '../contract/observer.js'

type Positions = { readonly firstPosition: number; readonly lastPosition: number }

export type UpkeepNote = { readonly what: 'segment_restored' | 'archive_removed' } & Positions

export class UpkeepNotes {
  private readonly listeners: ((note: UpkeepNote) => void)[] = []

  readonly observer: Observer = {
    cleanedUp: ({ firstPosition, lastPosition }) => this.tell({ what: 'archive_removed', firstPosition, lastPosition }),
    restored: ({ firstPosition, lastPosition }) => this.tell({ what: 'segment_restored', firstPosition, lastPosition }),
  }

  listen(listener: (note: UpkeepNote) => void): void {
    this.listeners.push(listener)
  }

  private tell(note: UpkeepNote): void {
    for (const listener of this.listeners) listener(note)
  }
}
