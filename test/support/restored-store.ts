// A store on a real disk, and another that a restore made of its backup before the first one went on.
import { join } from 'node:path'
import { backupStore, restoreStore } from '../../src/backends/embedded/backup-store.js'
import { openEmbedded } from '../../src/backends/embedded/embedded-store.js'
import type { NewEvent } from '../../src/contract/event.js'

export const COMMON = 5
const MORE = 4

export interface RestoredStore {
  readonly original: string
  readonly restored: string
  /** The lineage of the original. */
  readonly known: string
  /** The head of the original, which the restored one has not reached. */
  readonly head: number
}

export async function makeRestoredStore(folder: string): Promise<RestoredStore> {
  const [original, backup, restored] = ['original', 'backup', 'restored'].map(name => join(folder, name)) as [
    string,
    string,
    string,
  ]
  const store = await openEmbedded({ directory: original, nodeId: 'node-1' })
  await store.append({ events: ticks(COMMON), author: { agentId: 'writer' } })
  await backupStore(original, backup)
  await restoreStore(backup, restored, { verify: true })
  await store.append({ events: ticks(MORE), author: { agentId: 'writer' } })
  await store.close()
  return { original, restored, known: store.lineage().id, head: COMMON + MORE }
}

export function ticks(count: number): NewEvent[] {
  return Array.from({ length: count }, (_, n) => ({ type: 'tick', stream: 'clock', data: { n } }))
}
