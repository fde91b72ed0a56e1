// Lets Node run a TypeScript file of this repository directly: `node --import ./scripts/typescript.mjs bench/engine.ts`.
// Benches and the processes that tests start use it, so neither needs a build of its own.
import { existsSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import { transformFileSync } from '@swc/core'
import { swcOptions } from './swc.mjs'

process.setSourceMapsEnabled(true)

/** What package.json names #client is built; from sources everything runs as sources. */
const clientSources = new Map([
  ['#client', new URL('../client/src/node/lighthouse.ts', import.meta.url).href],
  ['#client/demo', new URL('../client/src/testing/demo.ts', import.meta.url).href],
])

registerHooks({
  // Sources name an import as it will be called in dist; here the file is still TypeScript.
  resolve(specifier, context, next) {
    const clientSource = clientSources.get(specifier)
    if (clientSource !== undefined) return next(clientSource, context)
    if (specifier.startsWith('.') && specifier.endsWith('.js') && context.parentURL?.endsWith('.ts')) {
      const source = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL)
      if (existsSync(source)) return next(source.href, context)
    }
    return next(specifier, context)
  },
  load(url, context, next) {
    if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context)
    const { code } = transformFileSync(fileURLToPath(url), { ...swcOptions, sourceMaps: 'inline' })
    return { format: 'module', source: code, shortCircuit: true }
  },
})
