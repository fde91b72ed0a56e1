// The port for files beside the log, of what can be made of it again: each is written whole or not at all.

/** Room on the volume that holds them. */
export interface Room {
  readonly totalBytes: number
  readonly freeBytes: number
}

/** It fails apart from the log: what goes wrong here never stops an append. */
export abstract class SideStore {
  /** To be called first. Removes what was being written when the server ended. */
  abstract open(): Promise<void>
  /** Names of the files, sorted. */
  abstract list(): Promise<string[]>
  /** From the start, at most so many bytes; undefined when there is no such file. */
  abstract read(name: string, most: number): Promise<Buffer | undefined>
  /** Durable when it resolves, as far as the backend keeps anything; until then the file is what it was before. */
  abstract write(name: string, chunks: readonly Uint8Array[]): Promise<void>
  /** Does nothing when there is no such file. */
  abstract remove(name: string): Promise<void>
  /** Takes a file that is wrong out of sight; where files outlive the process it is kept as evidence. Does nothing when there is none. */
  abstract quarantine(name: string): Promise<void>
  abstract room(): Promise<Room>
}
