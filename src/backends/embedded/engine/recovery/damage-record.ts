// Records in a file the damage that a running store found and no operator has seen yet. A start reads only a few
// segments whole, so without the file it would not find the damage again, and would take appends.
import { dirname } from 'node:path'
import type { Disk } from '../disk/disk.js'
import { isNoSpace } from '../disk/latch.js'
import { DamagedFact, readFact, writeFact } from '../disk/small-file.js'
import type { Layout } from '../format/names.js'
import { AcceptedDamage, isOfSegment, type KnownDamage } from '../segment/accepted-damage.js'
import type { EngineFiles } from '../segment/engine-context.js'
import { DamageNotes } from './damage-notes.js'

const UNREADABLE = 'what was found to be damaged cannot be read any more'

/**
 * The damage that was written down. When the file is damaged itself, one finding without positions is returned, because
 * an operator has to look all the same.
 */
export async function readDamageRecord(disk: Disk, layout: Layout): Promise<readonly KnownDamage[]> {
  try {
    const fact = await readFact(disk, layout.damage)
    return Array.isArray(fact) ? (fact as KnownDamage[]) : []
  } catch (error) {
    if (!(error instanceof DamagedFact)) throw error
    return [{ firstPosition: 0, from: 1, to: 0, where: layout.damage, reason: UNREADABLE }]
  }
}

/** Of a store that nobody uses: forgets what was written down and what was accepted of a segment that is whole again. */
export async function forgetDamageOf(
  { disk, layout }: Pick<EngineFiles, 'disk' | 'layout'>,
  segment: { readonly firstPosition: number; readonly lastPosition: number },
): Promise<void> {
  const recorded = await readDamageRecord(disk, layout)
  const left = recorded.filter(item => !isOfSegment(item, segment))
  if (left.length < recorded.length) await writeRecord(disk, layout.damage, left)
  await (await AcceptedDamage.load(disk, layout.accepted)).withdraw(disk, layout.accepted, segment)
}

async function writeRecord(disk: Disk, path: string, damage: readonly KnownDamage[]): Promise<void> {
  if (damage.length > 0) return writeFact(disk, path, damage)
  await disk.unlink(path)
  await disk.syncDirectory(dirname(path))
}

export class DamageRecord {
  private readonly notes: DamageNotes
  private writing: Promise<void> = Promise.resolve()
  /** True while the file does not hold all damage that was found. */
  private behind = false

  constructor(
    private readonly parts: {
      readonly disk: Disk
      readonly path: string
      /** Frees room on a full disk (W8). */
      readonly makeRoom: () => Promise<void>
      readonly failed: (error: unknown) => void
    },
    written: readonly KnownDamage[],
  ) {
    this.notes = new DamageNotes(written, () => {
      this.behind = true
    })
  }

  /**
   * Resolves when the file holds all of it or cannot be written. It never rejects, because damage is reported in any
   * case.
   */
  add(found: readonly KnownDamage[]): Promise<void> {
    for (const damage of found) this.notes.add(damage)
    return this.catchUp()
  }

  /** Resolves with false when the file could not be written, and so still tells of the damage. */
  async forget(isGone: (damage: KnownDamage) => boolean): Promise<boolean> {
    if (this.notes.remove(isGone)) this.behind = true
    await this.catchUp()
    return !this.behind
  }

  /** Writes what could not be written before, after the write that is under way. */
  catchUp(): Promise<void> {
    this.writing = this.writing.then(() => this.write())
    return this.writing
  }

  private async write(): Promise<void> {
    if (!this.behind) return
    this.behind = false
    try {
      await this.writeNow()
    } catch (error) {
      this.behind = true
      this.parts.failed(error)
    }
  }

  private async writeNow(): Promise<void> {
    const { disk, path, makeRoom } = this.parts
    const fact = [...this.notes.list]
    try {
      await writeRecord(disk, path, fact)
    } catch (error) {
      if (!isNoSpace(error)) throw error
      await makeRoom()
      await writeRecord(disk, path, fact)
    }
  }
}
