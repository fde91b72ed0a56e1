// The port for files beside the log that can be made from it again: each is written whole or not at all.

/** Space on the volume that holds the files. */
export interface Room {
  readonly totalBytes: number
  readonly freeBytes: number
}

/** It fails apart from the log: a fault here must never stop an append. */
export abstract class SideStore {
  /** Must be called first. Removes what was being written when the server ended. */
  abstract open(): Promise<void>
  /** Names of the files, sorted. */
  abstract list(): Promise<string[]>
  /** At most `most` bytes from the start; undefined when there is no such file. */
  abstract read(name: string, most: number): Promise<Buffer | undefined>
  /** Resolves when the file is durable, as far as the backend keeps anything; until then it has its old content. */
  abstract write(name: string, chunks: readonly Uint8Array[]): Promise<void>
  /** Does nothing when there is no such file. */
  abstract remove(name: string): Promise<void>
  /**
   * Takes a file that is wrong out of use, and keeps it as evidence where files outlive the process. Does nothing when
   * there is none.
   */
  abstract quarantine(name: string): Promise<void>
  abstract room(): Promise<Room>
}
