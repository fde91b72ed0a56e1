#!/usr/bin/env node
// The `lighthouse` command: sets a clone up when needed, then runs the built command line on the pinned Node.
import { join } from 'node:path'
import { ensureBuilt, ensureInstalled, exitWith, isClone, root, runNode } from '../scripts/runtime.mjs'

await exitWith(async () => {
  // What npm has installed is built, and has its packages beside it.
  if (isClone()) {
    await ensureInstalled()
    await ensureBuilt()
  }
  const main = join(root, 'dist', 'cli', 'main.js')
  // Paths on the command line are the caller's, so the caller's folder stays the current one.
  return runNode([main, ...process.argv.slice(2)], { cwd: process.cwd() })
})
