// Runs a spec file as Node runs everything else: its own loader, its own realm, modules loaded once for all files of a worker.
//
// Jest would give each file a realm of its own and load into it, anew, every module of Nest and of the product: a quarter
// of the time of the whole suite, and code that is never run often enough to be compiled. Order, hooks, time limits and
// reports are those of jest-circus, whose adapter this hands on to.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import '../../scripts/typescript.mjs'
import { renewGlobals } from './test-globals.mjs'

const require = createRequire(import.meta.url)
const adapter = require('jest-circus/runner').default

// Servers and commands that specs start compile what the one before them has compiled already: a fifth of their start.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'compiled')

let files = 0

export default function runFile(globalConfig, config, environment, runtime, path, report) {
  // Jest maps stacks through the sources it has transformed itself, and it has transformed none.
  Error.prepareStackTrace = undefined
  return adapter(globalConfig, config, environment, asNodeLoads(runtime), path, report)
}

/** What the adapter asks of Jest's module loader, answered by Node's. */
function asNodeLoads(runtime) {
  return {
    requireInternalModule: requireAnew,
    requireModule: require,
    setGlobalsForRuntime: globals => renewGlobals(Object.assign(globalThis, globals)),
    unstable_shouldLoadAsEsm: () => true,
    // A file that is run twice by one process is to be loaded twice.
    unstable_importModule: path => import(`${pathToFileURL(path)}?${++files}`),
    enterTestCode: () => runtime.enterTestCode(),
    leaveTestCode: () => runtime.leaveTestCode(),
  }
}

/** The adapter's own part holds the state of one file: which tests it has, which of them runs, who is told of it. */
function requireAnew(path) {
  delete globalThis[Symbol.for('EVENT_HANDLERS')]
  delete require.cache[path]
  return require(path)
}
