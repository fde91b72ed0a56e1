// Unique temporary directories on a real disk, removed when the test is done with them.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
const MEMORY_FILE_SYSTEMS = new Set([0x01021994, 0x858458f6])

/** Creates an empty directory; whoever asked removes it with `removeTempDirectory`. */
export function makeTempDirectory(): string {
  const parent = tempParent()
  fs.mkdirSync(parent, { recursive: true })
  return fs.mkdtempSync(path.join(parent, 'lighthouse-test-'))
}

export function removeTempDirectory(directory: string): void {
  fs.rmSync(directory, { recursive: true, force: true, maxRetries: 3 })
}

export async function withTempDirectory<T>(use: (directory: string) => Promise<T> | T): Promise<T> {
  const directory = makeTempDirectory()
  try {
    return await use(directory)
  } finally {
    removeTempDirectory(directory)
  }
}

/** A memory file system neither syncs nor fills up as a disk does, so it would prove nothing: git ignores the other place. */
function tempParent(): string {
  const usual = os.tmpdir()
  const inMemory = process.platform === 'linux' && MEMORY_FILE_SYSTEMS.has(fs.statfsSync(usual).type >>> 0)
  return inMemory ? path.join(PROJECT, 'node_modules', '.cache', 'tests') : usual
}
