// What stands for the base image of docker/Dockerfile where no registry is asked: Debian by debootstrap, the pinned Node, npm.
// buildah keeps it, and what is built on it, in a store of its own below node_modules/.cache.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pinnedNode, root } from './runtime.mjs'

const BASE = 'docker.io/library/node:24-slim'
const cache = join(root, 'node_modules', '.cache', 'image')
/** Layers on each other take a tenth of the time that whole copies of everything take, where the system has them. */
const stores = { overlay: 'layers', vfs: 'store' }
let store

function storeOptions() {
  const driver = mountsLayers() ? 'overlay' : 'vfs'
  return ['--root', join(cache, stores[driver]), '--runroot', join(cache, `run-${driver}`), '--storage-driver', driver]
}

function mountsLayers() {
  mkdirSync(cache, { recursive: true })
  const place = mkdtempSync(join(cache, 'layers-'))
  const quietly = (...line) => spawnSync(line[0], line.slice(1), { stdio: 'ignore' }).status === 0
  try {
    const [lower, upper, work, merged] = ['lower', 'upper', 'work', 'merged'].map(name => join(place, name))
    for (const folder of [lower, upper, work, merged]) mkdirSync(folder)
    const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}`
    return quietly('mount', '-t', 'overlay', 'overlay', '-o', options, merged) && quietly('umount', merged)
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}

/** Runs buildah on that store; what it prints is the answer, unless it is `shown` as it comes. */
export function buildah(args, { shown = false, input } = {}) {
  store ??= storeOptions()
  const { status, stdout, error } = spawnSync('buildah', [...store, ...args], {
    encoding: 'utf8',
    input,
    stdio: ['pipe', shown ? 2 : 'pipe', shown ? 2 : 'ignore'],
  })
  return { ok: status === 0 && error === undefined, text: (stdout ?? '').trim() }
}

export function findImageBase() {
  return buildah(['images', '--quiet', BASE]).text === '' ? undefined : BASE
}

export function installImageBase() {
  const npm = npmFolder()
  if (process.getuid?.() !== 0 || npm === undefined) return
  mkdirSync(cache, { recursive: true })
  const { text: container } = buildah(['from', 'scratch'])
  const { ok, text: folder } = buildah(['mount', container])
  try {
    if (!ok || !run('debootstrap', '--variant=minbase', 'bookworm', folder)) return
    for (const name of ['var/cache/apt', 'var/lib/apt/lists'])
      for (const left of readdirSync(join(folder, name)))
        rmSync(join(folder, name, left), { recursive: true, force: true })
    cpSync(pinnedNode(), join(folder, 'usr/local/bin/node'))
    cpSync(npm, join(folder, 'usr/local/lib/node_modules/npm'), { recursive: true })
    symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(folder, 'usr/local/bin/npm'))
    // As the image of that name has it.
    if (run('chroot', folder, 'useradd', '--uid', '1000', '--user-group', '--create-home', 'node'))
      buildah(['commit', '--quiet', container, BASE])
  } finally {
    buildah(['rm', container])
  }
}

function run(program, ...args) {
  return spawnSync(program, args, { stdio: ['ignore', 2, 2] }).status === 0
}

/** The npm that started this, else the one on the path. */
function npmFolder() {
  const { npm_execpath: given, PATH = '' } = process.env
  const found = [given, ...PATH.split(':').map(folder => join(folder, 'npm'))].find(path => path && existsSync(path))
  return found === undefined ? undefined : dirname(dirname(realpathSync(found)))
}
