// The client as npm packs it, installed into a folder as a stranger does, and the tools that judge and bundle it.
import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..')
const programs = join(root, 'node_modules', '.cache', 'client-tools', 'node_modules', '.bin')

/** A program that scripts/tools.mjs has installed beside the others; undefined where it could not. */
export function clientTool(name: 'attw' | 'publint' | 'vite'): string | undefined {
  const program = join(programs, name)
  return existsSync(program) ? program : undefined
}

/** The file that npm makes of the client. */
export function packClient(into: string): string {
  const said = npm(['pack', '--json', '--pack-destination', into], join(root, 'client'))
  const [{ filename }] = JSON.parse(said) as [{ readonly filename: string }]
  return join(into, filename)
}

/** Makes a package of the folder, and installs the file there: all but `ws`, for nothing is fetched from anywhere. */
export function installClient(tarball: string, folder: string): void {
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'stranger', private: true, type: 'module' }))
  npm(['install', '--offline', '--omit=optional', '--no-audit', '--no-fund', tarball], folder)
}

/** As somebody would type it: what the npm of this run has set is not handed on. */
function npm(args: readonly string[], cwd: string): string {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)))
  return execFileSync('npm', args, { cwd, encoding: 'utf8', env })
}
