// Gives a replay the newest kept state of its fold, if something that keeps states has registered here.
import { Injectable } from '@nestjs/common'
import type { Position } from '../contract/event.js'
import type { Folded } from './fold.js'

/** The newest state of any of these folds at or before `end`. The caller may change it. It never throws. */
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
