// Lets Node run a TypeScript file of this repository directly: `node --import ./scripts/typescript.mjs bench/engine.ts`.
// Benches and the processes that tests start use it, so neither needs a build of its own.
import { existsSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import { transformFileSync } from '@swc/core'
import { swcOptions } from './swc.mjs'

process.setSourceMapsEnabled(true)

/** What package.json names #client is built; from sources everything runs as sources. */
const clientSource = new URL('../client/src/node/lighthouse.ts', import.meta.url).href

/** A spec is asked for with a number behind its name, so that it is loaded again when it is run again. */
function isTypeScript(url) {
  return url !== undefined && /^file:[^?]*\.ts(\?|$)/.test(url)
}

registerHooks({
  // Sources name an import as it will be called in dist; here the file is still TypeScript.
  resolve(specifier, context, next) {
    if (specifier === '#client') return next(clientSource, context)
    if (specifier === '@jest/globals')
      return next(new URL('../test/support/test-globals.mjs', import.meta.url).href, context)
    if (specifier.startsWith('.') && specifier.endsWith('.js') && isTypeScript(context.parentURL)) {
      const source = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL)
      if (existsSync(source)) return next(source.href, context)
    }
    return next(specifier, context)
  },
  load(url, context, next) {
    if (!isTypeScript(url)) return next(url, context)
    const { code } = transformFileSync(fileURLToPath(url), { ...swcOptions, sourceMaps: 'inline' })
    return { format: 'module', source: code, shortCircuit: true }
  },
})
