// What `npm run tools -- peers` has installed: the peers' programs, and their clients, which are no dependencies of this project.
import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join, resolve } from 'node:path'

const FOLDER = resolve('node_modules/.cache/peers')
/** Debian keeps the programs of each version beside each other here, and not all of them on the path. */
const POSTGRES = '/usr/lib/postgresql'
const requireThere = createRequire(join(FOLDER, 'package.json'))

/** A package among the tools; whoever asks knows the few of its members that are used. */
export function clientLibrary<T>(name: string): T {
  return requireThere(name) as T
}

/** A file among the tools, or a program on the PATH; undefined where it is not installed. */
export function installed(name: string): string | undefined {
  const versions = existsSync(POSTGRES) ? readdirSync(POSTGRES) : []
  const postgres = versions.map(version => join(POSTGRES, version, 'bin'))
  const folders = [FOLDER, join(FOLDER, 'bin'), ...postgres, ...(process.env['PATH'] ?? '').split(delimiter)]
  return folders.map(folder => join(folder, name)).find(path => existsSync(path))
}

export function program(name: string): string {
  const path = installed(name)
  if (path === undefined) throw new Error(`${name} is not installed: npm run tools -- peers`)
  return path
}
