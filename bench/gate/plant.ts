// A scratch clone in which one of four commits makes each event of an append take longer.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gitIn } from './checkouts.js'

const APPEND = 'src/backends/embedded/commit-queue.ts'
/** Where an event of an append is written. */
const ANCHOR = '      this.batch.startEntry()\n'

export interface PlantedClone {
  readonly root: string
  readonly good: string
  readonly planted: string
  readonly bad: string
}

export function plantedClone(root: string, micros: number): PlantedClone {
  const cloned = spawnSync('git', ['clone', '--quiet', '--shared', '.', root])
  if (cloned.status !== 0) throw new Error(`this checkout cannot be cloned: ${cloned.stderr}`)
  const good = gitIn(root, 'rev-parse', 'HEAD')
  commit(root, 'src/main.ts', 'Say something else', text => `${text}// One line more.\n`)
  const planted = commit(root, APPEND, 'Look at each event once more', text => {
    if (!text.includes(ANCHOR)) throw new Error(`${APPEND} has no place to plant a busy loop in`)
    // A function of its own, because a loop in the middle of that one would have it compiled anew while it runs.
    const spin = `function spin(ms: number): void {\n  for (const until = performance.now() + ms; performance.now() < until; ) {}\n}\n`
    return `${text.replace(ANCHOR, `${ANCHOR}      spin(${micros / 1_000})\n`)}\n${spin}`
  })
  commit(root, 'src/main.ts', 'Say it again', text => `${text}// And one.\n`)
  const bad = commit(root, 'src/contract/event.ts', 'Say it elsewhere', text => `${text}// One here.\n`)
  return { root, good, planted, bad }
}

function commit(root: string, path: string, subject: string, change: (text: string) => string): string {
  const file = join(root, path)
  writeFileSync(file, change(readFileSync(file, 'utf8')))
  const who = ['-c', 'user.name=Gate', '-c', 'user.email=gate@example.com', '-c', 'commit.gpgsign=false']
  gitIn(root, ...who, 'commit', '--quiet', '--no-verify', '-m', subject, '--', path)
  return gitIn(root, 'rev-parse', 'HEAD')
}
