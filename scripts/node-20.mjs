// Finds a Node 20, the oldest that the client promises to run on: on the path, or where scripts/tools.mjs has put one.
import { spawnSync } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { installFromNpm } from './install-packages.mjs'
import { root } from './runtime.mjs'

const VERSION = '20.20.2'
const place = join(root, 'node_modules', '.cache', 'node-20')
/** Of the packages that carry a Node, those for Linux are named after it. */
const carrier = `node-linux-${process.arch}`

export function findNode20() {
  const folders = (process.env.PATH ?? '').split(delimiter)
  const here = [...folders.map(folder => join(folder, 'node')), join(place, 'node_modules', carrier, 'bin', 'node')]
  return here.find(path => spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout?.startsWith('v20.'))
}

export function installNode20() {
  if (process.platform !== 'linux') return
  installFromNpm(place, [`${carrier}@${VERSION}`])
}
