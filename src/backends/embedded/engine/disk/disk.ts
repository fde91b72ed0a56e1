// The disk as an argument: the few operations that the engine needs, so that a test can lose power at any of them.

export interface DiskFile {
  readonly path: string
  /**
   * Writes all chunks one after the other at `position`. Resolves with the count written, which may be
   * SHORT without an exception (a full disk). On a file opened `durable` the bytes are on disk when it resolves.
   */
  write(chunks: readonly Uint8Array[], position: number): Promise<number>
  /** Makes content and size durable. After a rejection the file must not be written or synced again. */
  sync(): Promise<void>
  truncate(length: number): Promise<void>
  size(): Promise<number>
  /** Resolves with the count read, which is less than the length of `into` only at the end of the file. */
  read(into: Uint8Array, position: number): Promise<number>
  /** For bytes almost surely in the page cache (1 µs instead of 8). It blocks the event loop when they are not. */
  readSync(into: Uint8Array, position: number): number
  close(): Promise<void>
}

export interface OpenOptions {
  /** `create` fails when the file exists; `write` and `read` fail when it does not. */
  readonly mode: 'create' | 'write' | 'read'
  /** Every write is durable when it resolves, with one system call instead of a write and a sync. */
  readonly durable?: boolean
}

export interface DiskLock {
  /** False once the lock file is not the one that was locked, because another process may own the directory then. */
  held(): boolean
  release(): Promise<void>
}

export type LockAttempt = { readonly lock: DiskLock } | { readonly holder: string }

export interface Space {
  readonly totalBytes: number
  readonly freeBytes: number
  readonly freeInodes: number
}

export interface Disk {
  open(path: string, options: OpenOptions): Promise<DiskFile>
  /** Opens a file for reading without a turn of the loop, because pools reopen files in synchronous lookups. */
  openSync(path: string): DiskFile
  /**
   * The names of the files and directories in a directory, sorted; empty when it does not exist. Links are left out.
   */
  list(directory: string): Promise<string[]>
  /** Creates the directory and its parents. It does not sync, so the caller must. */
  makeDirectory(directory: string): Promise<void>
  /** Replaces an existing target. The new name is durable only after `syncDirectory`. */
  rename(from: string, to: string): Promise<void>
  /** Does nothing when the file does not exist. */
  unlink(path: string): Promise<void>
  /** Makes the entries of a directory durable: creations, renames and unlinks in it. */
  syncDirectory(directory: string): Promise<void>
  space(directory: string): Promise<Space>
  /** The name of the file system, such as `ext4` or `tmpfs`. It is undefined where the machine does not report one. */
  fileSystem(directory: string): Promise<string | undefined>
  /** Takes a kernel lock on the file, which ends with the process. `tag` shows others who holds it. */
  lock(path: string, tag: string): Promise<LockAttempt>
}

/** The system's code of an error, such as `ENOSPC`, or undefined when the error has none. */
export function diskErrorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
