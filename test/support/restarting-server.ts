// A server in a process that starts again when its source changes: waits for what it says, and changes what it says first.
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { expect } from '@jest/globals'

/** Ends the process; `between` comes while the first server listens. */
export async function mustRestart(
  child: ChildProcess & { readonly stdout: Readable },
  project: string,
  between: () => Promise<void> = async () => undefined,
): Promise<void> {
  const said: string[] = []
  const lines = createInterface({ input: child.stdout }).on('line', line => said.push(line))
  const ended = once(child, 'close').then(([code]) => Promise.reject(new Error(`it ended with ${code}`)))
  ended.catch(() => undefined)
  const saying = async (text: string) => {
    while (!said.some(line => line.includes(text))) await Promise.race([once(lines, 'line'), ended])
  }
  try {
    await saying('"message":"listening"')
    await between()
    const source = join(project, 'src', 'server', 'first-words.ts')
    const text = readFileSync(source, 'utf8')
    expect(text).toContain("'listening'")
    writeFileSync(source, text.replace("'listening'", "'listening after a change'"))
    await saying('"message":"listening after a change"')
  } finally {
    child.kill('SIGTERM')
    await ended.catch(() => undefined)
  }
}
