// Compiles src, and the client that the command line uses, into dist with source maps, beside the old dist, and swaps the two only when every file compiled.
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { transformFileSync } from '@swc/core'
import { root, sourcesUnder } from './runtime.mjs'
import { swcOptions } from './swc.mjs'

const next = join(root, `dist.next-${process.pid}`)
const old = join(root, `dist.old-${process.pid}`)
const dist = join(root, 'dist')

function compile(source, from, to) {
  const out = join(to, relative(from, source)).replace(/\.ts$/, '.js')
  // Source maps are read from where the file will be, which is as deep below the root as where it is written now.
  const sourceFileName = relative(dirname(out), join(root, source))
  const { code, map } = transformFileSync(join(root, source), { ...swcOptions, sourceMaps: true, sourceFileName })
  mkdirSync(dirname(out), { recursive: true })
  writeFileSync(out, `${code}//# sourceMappingURL=${basename(out)}.map\n`)
  writeFileSync(`${out}.map`, map)
}

function swap() {
  try {
    renameSync(dist, old)
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
  renameSync(next, dist)
  rmSync(old, { recursive: true, force: true })
}

try {
  mkdirSync(next, { recursive: true })
  for (const source of sourcesUnder('src')) compile(source, 'src', next)
  for (const source of sourcesUnder('client/src')) compile(source, 'client/src', join(next, 'client'))
  writeFileSync(join(next, '.built-from'), process.argv[2] ?? '')
  swap()
} catch (error) {
  rmSync(next, { recursive: true, force: true })
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}
