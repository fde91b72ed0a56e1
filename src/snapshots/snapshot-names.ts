// Makes and parses the ids of snapshots and the names of their files, which is done nowhere else. Pure.
import type { Position } from '../contract/event.js'

const FOLD_CHARS = 32
const POSITION_DIGITS = 16
const ID = new RegExp(`^[0-9a-f]{${FOLD_CHARS}}-[0-9]{${POSITION_DIGITS}}$`)
const SUFFIX = '.snap'

export const REGISTRY_NAME = 'KEPT'

/** Made of the fold's id and the position, so a fold has at most one snapshot at a position. */
export function snapshotId(fold: string, position: Position): string {
  return `${fold.slice(0, FOLD_CHARS)}-${String(position).padStart(POSITION_DIGITS, '0')}`
}

export function isSnapshotId(text: string): boolean {
  return ID.test(text)
}

/** Whether the id belongs to this fold. It has to be seen from the id, because a lost snapshot has no header. */
export function isOfFold(id: string, fold: string): boolean {
  return id.startsWith(`${fold.slice(0, FOLD_CHARS)}-`)
}

export function isFoldId(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text)
}

export function fileName(id: string): string {
  return id + SUFFIX
}

/** undefined for any other name, so that such files are left alone. */
export function idOfFile(name: string): string | undefined {
  const id = name.endsWith(SUFFIX) ? name.slice(0, -SUFFIX.length) : ''
  return isSnapshotId(id) ? id : undefined
}
