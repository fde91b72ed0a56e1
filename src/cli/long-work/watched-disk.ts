// A disk that tells how many bytes were read of it, so that work on a whole store can say how far it is.
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Disk, DiskFile, OpenOptions } from '../../backends/embedded/engine/disk/disk.js'
import { DiskWrapper } from '../../backends/embedded/engine/disk/disk-wrapper.js'
import { RealDisk } from '../../backends/embedded/engine/disk/real-disk.js'
import type { Terminal } from '../command.js'
import { watched } from './progress.js'

export class WatchedDisk extends DiskWrapper {
  constructor(private readonly hasRead: (bytes: number) => void) {
    super(new RealDisk())
  }

  override async open(path: string, options: OpenOptions): Promise<DiskFile> {
    return new WatchedFile(await this.disk.open(path, options), this.hasRead)
  }

  override openSync(path: string): DiskFile {
    return new WatchedFile(this.disk.openSync(path), this.hasRead)
  }
}

class WatchedFile implements DiskFile {
  readonly path: string

  constructor(
    private readonly file: DiskFile,
    private readonly hasRead: (bytes: number) => void,
  ) {
    this.path = file.path
  }

  write(chunks: readonly Uint8Array[], position: number): Promise<number> {
    return this.file.write(chunks, position)
  }

  sync(): Promise<void> {
    return this.file.sync()
  }

  truncate(length: number): Promise<void> {
    return this.file.truncate(length)
  }

  size(): Promise<number> {
    return this.file.size()
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    const count = await this.file.read(into, position)
    this.hasRead(count)
    return count
  }

  readSync(into: Uint8Array, position: number): number {
    const count = this.file.readSync(into, position)
    this.hasRead(count)
    return count
  }

  close(): Promise<void> {
    return this.file.close()
  }
}

/** Of all files below a directory; what cannot be looked at counts as nothing, because this is for an estimate alone. */
export async function bytesBelow(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => [])
  const sizes = entries
    .filter(entry => entry.isFile())
    .map(entry =>
      stat(join(entry.parentPath, entry.name)).then(
        ({ size }) => size,
        () => 0,
      ),
    )
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}

/** Work that reads about so many bytes from a disk, with a bar of how many it has read. */
export function overBytes<T>(
  terminal: Terminal,
  { name, total }: { readonly name: string; readonly total: number },
  work: (disk: Disk) => Promise<T>,
): Promise<T> {
  return watched(terminal, { name, unit: 'bytes', total }, progress =>
    work(new WatchedDisk(bytes => progress.add(bytes))),
  )
}
