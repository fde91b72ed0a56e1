// Compiles client/src into client/dist with its declarations, beside the old dist, and swaps the two only when all compiled.
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pinnedNode, root, run } from './runtime.mjs'

const client = join(root, 'client')
const dist = join(client, 'dist')
const next = join(client, `dist.next-${process.pid}`)
const old = join(client, `dist.old-${process.pid}`)
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')

function swap() {
  try {
    renameSync(dist, old)
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
  renameSync(next, dist)
  rmSync(old, { recursive: true, force: true })
}

const code = await run(pinnedNode(), [tsc, '-p', join(client, 'tsconfig.build.json'), '--outDir', next])
if (code === 0) {
  writeFileSync(join(next, '.built-from'), process.argv[2] ?? '')
  swap()
} else {
  rmSync(next, { recursive: true, force: true })
  process.exitCode = code
}
