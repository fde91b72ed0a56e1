// Where a replay asks whether a state of its fold is kept anywhere. Whoever keeps states says so here; nobody has to.
import { Injectable } from '@nestjs/common'
import type { Position } from '../contract/event.js'
import type { Folded } from './fold.js'

/** The newest state of any of these folds at or before a position: fresh, and its asker's own. It never throws. */
export type StateSource = (folds: readonly string[], end: Position) => Promise<Folded | undefined>

@Injectable()
export class SnapshotSource {
  private source: StateSource | undefined

  keep(source: StateSource): void {
    this.source = source
  }

  async newest(folds: () => readonly string[], end: Position): Promise<Folded | undefined> {
    return this.source?.(folds(), end)
  }
}
