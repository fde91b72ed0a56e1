// Notes in the data directory when the server ended for which cause, so that it does so at most once in ten minutes.
import { open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { CAUSES, type Cause } from '../signals/signals.js'

/** A process that would end sooner after the last time for the same cause stays up instead. */
export const APART_MS = 600_000

export const EXIT_NOTES = 'EXITS'

type Notes = { [cause in Cause]?: number }

/**
 * True when the process may end: the note of it is on disk then. What cannot be noted must not be done either, because
 * a server that starts and ends again and again serves nobody.
 */
export async function mayEnd(directory: string, cause: Cause, nowMs: number): Promise<boolean> {
  const path = join(directory, EXIT_NOTES)
  try {
    const notes = await readNotes(path)
    const last = notes[cause]
    // A note from the future was made by a clock that was wrong, and says nothing.
    if (last !== undefined && last <= nowMs && nowMs - last < APART_MS) return false
    await replace(path, JSON.stringify({ ...notes, [cause]: nowMs }))
    return true
  } catch {
    return false
  }
}

/** A file that is not there, or that cannot be understood, holds no note. */
async function readNotes(path: string): Promise<Notes> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch {
    return {}
  }
  return Object.fromEntries(Object.entries(parsed(text)).filter(([cause, at]) => cause in CAUSES && isTime(at)))
}

function parsed(text: string): object {
  try {
    return Object(JSON.parse(text))
  } catch {
    return {}
  }
}

function isTime(at: unknown): boolean {
  return typeof at === 'number' && at >= 0
}

async function replace(path: string, text: string): Promise<void> {
  const temporary = `${path}.tmp`
  const file = await open(temporary, 'w', 0o640)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
}
