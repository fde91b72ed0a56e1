// Copies bytes into a new file, durably, and returns the hashes of what was copied.
import { createHash, webcrypto } from 'node:crypto'
import { type Disk, type DiskFile, diskErrorCode } from '../disk/disk.js'
import { sha256 } from '../format/frame.js'
import { DIGEST_CHUNK_BYTES } from '../segment/digest.js'

export interface Content {
  readonly length: number
  read(into: Uint8Array, at: number): Promise<number>
}

export interface Copied {
  readonly bytes: number
  readonly sha256: string
  /** The hash that a footer would hold for the bytes before it. */
  readonly fileHash: Buffer
}

/** At most this much waits for the disk at once, because a sync of a gigabyte would hold up everybody else's. */
const UNSYNCED_BYTES = 16 * 1024 * 1024

/** `sealedEnd` is where the footer begins, when the hash of what is before it is wanted, and 0 otherwise. */
export async function copyContent(disk: Disk, content: Content, to: string, sealedEnd = 0): Promise<Copied> {
  const file = await disk.open(to, { mode: 'create' })
  try {
    const copied = await hashContent(content, sealedEnd, async (chunk, at) => {
      await writeWhole(file, chunk, at)
      if ((at + chunk.length) % UNSYNCED_BYTES === 0) await file.sync()
    })
    await file.sync()
    return copied
  } finally {
    await file.close()
  }
}

/** Reads all of it. `use` gets each piece while that is hashed, and must not keep it, because its memory is reused. */
export async function hashContent(
  { length, read }: Content,
  sealedEnd = 0,
  use: (chunk: Uint8Array, at: number) => Promise<void> = async () => undefined,
): Promise<Copied> {
  const hash = createHash('sha256')
  const sealed: Buffer[] = []
  const into = Buffer.allocUnsafeSlow(Math.min(length, DIGEST_CHUNK_BYTES))
  for (let at = 0; at < length; at += into.length) {
    const chunk = into.subarray(0, Math.min(into.length, length - at))
    if ((await read(chunk, at)) !== chunk.length) throw tooShort()
    const covered = chunk.subarray(0, Math.max(0, sealedEnd - at)) as Buffer<ArrayBuffer>
    const [digest] = await Promise.all([
      covered.length === 0 ? undefined : webcrypto.subtle.digest('SHA-256', covered),
      use(chunk, at),
      hash.update(chunk),
    ])
    if (digest !== undefined) sealed.push(Buffer.from(digest))
  }
  return { bytes: length, sha256: hash.digest('hex'), fileHash: sha256(Buffer.concat(sealed)) }
}

/** W3: the count is checked, because a full disk takes less without an error. */
async function writeWhole(file: DiskFile, bytes: Uint8Array, at: number): Promise<void> {
  const written = await file.write([bytes], at)
  if (written === bytes.length) return
  throw Object.assign(new Error(`the disk took ${written} of ${bytes.length} bytes`), { code: 'ENOSPC' })
}

function tooShort(): Error {
  return Object.assign(new Error('a file became shorter while it was copied'), { code: 'EIO' })
}

export async function withFile<T>(disk: Disk, path: string, work: (file: DiskFile) => Promise<T>): Promise<T> {
  const file = await disk.open(path, { mode: 'read' })
  try {
    return await work(file)
  } finally {
    await file.close()
  }
}

export function asItLies(file: DiskFile, length: number): Content {
  return { length, read: (into, at) => file.read(into, at) }
}

/** undefined when there is no such file. */
export async function sizeOf(disk: Disk, path: string): Promise<number | undefined> {
  try {
    return await withFile(disk, path, file => file.size())
  } catch (error) {
    if (diskErrorCode(error) === 'ENOENT') return undefined
    throw error
  }
}
