// Finds the version from which the drill upgrades and to which it goes back, and builds it where it is not built.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pinnedNode, root, SetupError } from '../runtime.mjs'

/** Its name, and the folder that has its `dist`. */
export const thisVersion = { name: `this one (${nameOf(root, 'working tree')})`, folder: root }

/** `from` is a folder with a built version, or a revision of the history; by default the one before. */
export function earlierVersion(from = lastRelease() ?? firstWithBackups()) {
  if (from === undefined)
    throw new SetupError('there is no history to take an earlier version from: name one, --from <folder of a build>')
  if (existsSync(join(from, 'dist', 'main.js')))
    return { name: nameOf(resolve(from), 'a build'), folder: resolve(from) }
  const revision = git('rev-parse', '--verify', '--quiet', `${from}^{commit}`)
  if (revision === undefined)
    throw new SetupError(`"${from}" is neither a folder with a built version nor a revision of this history`)
  const folder = join(root, 'node_modules', '.cache', 'drill', revision)
  if (!existsSync(join(folder, 'dist', 'main.js'))) build(revision, folder)
  return { name: nameOf(folder, revision.slice(0, 8)), folder }
}

function lastRelease() {
  return git('tag', '--merged', 'HEAD', '--list', 'v*', '--sort=-v:refname')?.split('\n')[0] || undefined
}

/** While nothing has been released: an older one could not back up what it is to be upgraded with. */
function firstWithBackups() {
  const added = ['--first-parent', '-m', '--reverse', '--diff-filter=A', '--format=%H']
  return git('log', ...added, '--', 'src/cli/print-backup.ts')?.split('\n')[0] || undefined
}

function build(revision, folder) {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const packed = spawnSync('git', ['archive', revision], { cwd: root, maxBuffer: 1024 ** 3 })
  must(packed, `revision ${revision} cannot be read`)
  must(spawnSync('tar', ['-x', '-C', folder], { input: packed.stdout }), 'tar cannot unpack it')
  if (packagesAreHere(folder)) symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  else must(spawnSync('npm', ['ci', '--loglevel=error'], { cwd: folder, stdio: ['ignore', 2, 2] }), 'npm ci failed')
  const stamp = createHash('sha256').update(revision).digest('hex')
  const args = [join(folder, 'scripts', 'build.mjs'), stamp]
  must(spawnSync(pinnedNode(), args, { cwd: folder, stdio: ['ignore', 2, 2] }), `revision ${revision} does not build`)
}

/** Then it needs no installation of its own, which takes a minute. */
function packagesAreHere(folder) {
  return Object.entries(packageOf(folder).dependencies ?? {}).every(([name, version]) => {
    const place = join(root, 'node_modules', name)
    return existsSync(join(place, 'package.json')) && packageOf(place).version === version
  })
}

function nameOf(folder, which) {
  return `${packageOf(folder).version}, ${which}`
}

function packageOf(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
}

/** What git says; undefined where it is not, or knows nothing of this. */
function git(...args) {
  const { status, stdout } = spawnSync('git', args, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return status === 0 ? stdout.trim() : undefined
}

function must({ status, error }, complaint) {
  if (status !== 0) throw new SetupError(`${complaint}${error === undefined ? '' : `: ${error.message}`}`)
}
