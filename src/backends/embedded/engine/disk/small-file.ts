// Small facts kept beside the log, each a JSON text behind its own SHA-256, replaced as a whole or not at all.
import { dirname } from 'node:path'
import { sha256 } from '../format/frame.js'
import { temporary } from '../format/names.js'
import { type Disk, diskErrorCode } from './disk.js'

const HASH_CHARS = 64
const MAX_BYTES = 16 * 1024 * 1024

/** Writes `chunks` to a new file and renames it to `path`. File and directory entry are durable when it resolves. */
export async function replaceFile(disk: Disk, path: string, chunks: readonly Uint8Array[]): Promise<void> {
  const tmp = temporary(path)
  await disk.unlink(tmp)
  const file = await disk.open(tmp, { mode: 'create' })
  try {
    let at = 0
    for (const chunk of chunks) {
      const written = await file.write([chunk], at)
      if (written !== chunk.length) throw Object.assign(new Error('no room'), { code: 'ENOSPC' })
      at += written
    }
    await file.sync()
  } finally {
    await file.close()
  }
  await disk.rename(tmp, path)
  await disk.syncDirectory(dirname(path))
}

/**
 * Encodes a fact as the content of its file. This is apart from the writing, because a fact too large throws a
 * RangeError, which is no fault of the disk and must not latch.
 */
export function factChunks(path: string, fact: unknown): readonly Uint8Array[] {
  const text = Buffer.from(JSON.stringify(fact))
  if (text.length > MAX_BYTES - HASH_CHARS - 1) throw new RangeError(`${path} would be larger than ${MAX_BYTES} bytes`)
  return [Buffer.from(`${sha256(text).toString('hex')}\n`), text]
}

export async function writeFact(disk: Disk, path: string, fact: unknown): Promise<void> {
  await replaceFile(disk, path, factChunks(path, fact))
}

/** undefined when there is no such file. Throws DamagedFact for a wrong hash, because a fact is never guessed. */
export async function readFact(disk: Disk, path: string): Promise<unknown> {
  const bytes = await readWhole(disk, path)
  if (bytes === undefined) return undefined
  const text = bytes.subarray(HASH_CHARS + 1)
  if (sha256(text).toString('hex') !== bytes.toString('latin1', 0, HASH_CHARS)) throw new DamagedFact(path)
  return JSON.parse(text.toString('utf8'))
}

export class DamagedFact extends Error {
  override readonly name = 'DamagedFact'

  constructor(readonly path: string) {
    super(`${path} is damaged`)
  }
}

async function readWhole(disk: Disk, path: string): Promise<Buffer | undefined> {
  try {
    const file = await disk.open(path, { mode: 'read' })
    try {
      const into = Buffer.alloc(Math.min(MAX_BYTES, await file.size()))
      return into.subarray(0, await file.read(into, 0))
    } finally {
      await file.close()
    }
  } catch (error) {
    if (diskErrorCode(error) === 'ENOENT') return undefined
    throw error
  }
}
