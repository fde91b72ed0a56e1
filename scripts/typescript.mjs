// Lets Node run a TypeScript file of this repository directly: `node --import ./scripts/typescript.mjs bench/engine.ts`.
// Specs, benches and the processes that tests start use it, so none of them needs a build of its own.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire, registerHooks } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { swcOptions } from './swc.mjs'

process.setSourceMapsEnabled(true)

const require = createRequire(import.meta.url)
const root = dirname(import.meta.dirname)
/** What package.json names #client is built; from sources everything runs as sources. */
const clientSources = new Map([
  ['#client', new URL('../client/src/node/lighthouse.ts', import.meta.url).href],
  ['#client/testing', new URL('../client/src/testing/testing.ts', import.meta.url).href],
  ['#client/demo', new URL('../client/src/testing/demo.ts', import.meta.url).href],
])
const testGlobals = new URL('../test/support/test-globals.mjs', import.meta.url).href

/** A spec is asked for with a number behind its name, so that it is loaded again when it is run again. */
function isTypeScript(url) {
  return url !== undefined && /^file:[^?]*\.ts(\?|$)/.test(url)
}

registerHooks({
  // Sources name an import as it will be called in dist; here the file is still TypeScript.
  resolve(specifier, context, next) {
    const clientSource = clientSources.get(specifier)
    if (clientSource !== undefined) return next(clientSource, context)
    if (specifier === '@jest/globals') return next(testGlobals, context)
    if (specifier.startsWith('.') && specifier.endsWith('.js') && isTypeScript(context.parentURL)) {
      const source = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL)
      if (existsSync(source)) return next(source.href, context)
    }
    return next(specifier, context)
  },
  load(url, context, next) {
    if (!isTypeScript(url)) return next(url, context)
    return { format: 'module', source: compiled(fileURLToPath(url)), shortCircuit: true }
  },
})

const kept = join(root, 'node_modules', '.cache', 'typescript')
const compiler = JSON.stringify([swcOptions, require('@swc/core/package.json').version])

/** As it was compiled before, by whichever process, if neither it nor the compiler has changed since. */
export function compiled(path) {
  const name = relative(root, path)
  const source = readFileSync(path, 'utf8')
  // What lies elsewhere is there for one test.
  if (name.startsWith('..')) return compile(source, path)
  // Behind the code, so that its lines stay where the source map says.
  const seal = `\n//${createHash('sha1').update(compiler).update(name).update(source).digest('hex')}\n`
  const place = join(kept, name.replaceAll(/[\\/]/g, '+'))
  const before = contentOf(place)
  if (before?.endsWith(seal)) return before
  const code = compile(source, path) + seal
  keep(place, code)
  return code
}

/** Loaded when there is something to compile, which is seldom. */
function compile(source, path) {
  const { transformSync } = require('@swc/core')
  return transformSync(source, { ...swcOptions, filename: path, sourceFileName: basename(path), sourceMaps: 'inline' })
    .code
}

function contentOf(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** Whole or not at all, as others may be reading. Where nothing can be written each process compiles for itself. */
function keep(place, code) {
  const draft = `${place}.${process.pid}`
  try {
    mkdirSync(kept, { recursive: true })
    writeFileSync(draft, code)
    renameSync(draft, place)
  } catch {
    // It is compiled, and that is all that was asked.
  }
}
