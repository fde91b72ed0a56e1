// The names of snapshots and of their files, printed and parsed here and nowhere else. Pure.
import type { Position } from '../contract/event.js'

const FOLD_CHARS = 32
const POSITION_DIGITS = 16
const ID = new RegExp(`^[0-9a-f]{${FOLD_CHARS}}-[0-9]{${POSITION_DIGITS}}$`)
const SUFFIX = '.snap'

export const REGISTRY_NAME = 'KEPT'

/** The beginning of its fold's id, and its position. */
export function snapshotId(fold: string, position: Position): string {
  return `${fold.slice(0, FOLD_CHARS)}-${String(position).padStart(POSITION_DIGITS, '0')}`
}

export function isSnapshotId(text: string): boolean {
  return ID.test(text)
}

/** Whether the name, all that may be left of a snapshot, is one of this fold's. */
export function isOfFold(id: string, fold: string): boolean {
  return id.startsWith(`${fold.slice(0, FOLD_CHARS)}-`)
}

export function isFoldId(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text)
}

export function fileName(id: string): string {
  return id + SUFFIX
}

/** undefined for a file of any other name, which is left alone. */
export function idOfFile(name: string): string | undefined {
  const id = name.endsWith(SUFFIX) ? name.slice(0, -SUFFIX.length) : ''
  return isSnapshotId(id) ? id : undefined
}
