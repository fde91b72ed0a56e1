// The changes of alerts that the store does not take, in a file beside it: who was told of a store that failed is told of
// its end after a new start.
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ALERT_FOLD, type AlertChange } from './alert-state.js'

export class HeldAlerts {
  private readonly path: string
  /** What the file holds; nothing where there is none. */
  private text = ''

  constructor(directory: string) {
    this.path = join(directory, 'ALERTS')
  }

  /** A file that is not there, or that cannot be understood, holds no change. */
  async load(): Promise<AlertChange[]> {
    try {
      this.text = await readFile(this.path, 'utf8')
      const changes = JSON.parse(this.text) as AlertChange[]
      return changes.filter(({ type }) => ALERT_FOLD.types.includes(type))
    } catch {
      return []
    }
  }

  /**
   * In place of what it held; never rejects, because where the disk has failed the file may not be written either. It is
   * not synced: it is for a process that ends, which may be in a moment, and not for a loss of power.
   */
  async keep(changes: readonly AlertChange[]): Promise<void> {
    const text = changes.length === 0 ? '' : JSON.stringify(changes)
    if (text === this.text) return
    try {
      if (text === '') await rm(this.path, { force: true })
      else {
        await writeFile(`${this.path}.tmp`, text, { mode: 0o640 })
        await rename(`${this.path}.tmp`, this.path)
      }
      this.text = text
    } catch {
      // Tried again with the next change.
    }
  }
}
