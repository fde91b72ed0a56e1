// Lists in package-lock.json the optional packages that npm left out because the registry it asked does not offer them.
// Run it after `npm install` has changed the lockfile. Without it `npm ci` refuses the lockfile there and, where such a
// package exists, could not install it. Each is named with its exact version; its checksum is not known here.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, say } from './runtime.mjs'

const path = join(root, 'package-lock.json')
const lock = JSON.parse(readFileSync(path, 'utf8'))
const { packages } = lock

const systems = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32']
const processors = ['arm64', 'arm', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'x64']
const libraries = { gnu: 'glibc', musl: 'musl' }

/** Packages of this kind are named after what they run on: `…-linux-x64-gnu`. */
function platformOf(name) {
  const words = name.split('/').at(-1).split('-')
  const os = systems.filter(system => words.includes(system))
  const cpu = processors.filter(processor => words.includes(processor))
  if (os.length !== 1 || cpu.length !== 1) throw new Error(`${name} does not say what it runs on: complete it by hand`)
  const libc = words.flatMap(word => (os[0] === 'linux' && Object.hasOwn(libraries, word) ? [libraries[word]] : []))
  return { cpu, os, ...(libc.length > 0 && { libc }) }
}

function missing() {
  return Object.entries(packages).flatMap(([owner, { optionalDependencies = {}, dev }]) =>
    Object.entries(optionalDependencies)
      .filter(([name]) => !packages[`node_modules/${name}`] && !packages[`${owner}/node_modules/${name}`])
      .map(([name, version]) => ({ name, version, dev })),
  )
}

const added = missing()
for (const { name, version, dev } of added) {
  if (!/^\d+\.\d+\.\d+$/.test(version)) throw new Error(`${name}@${version} is no exact version: complete it by hand`)
  const { cpu, os, libc } = platformOf(name)
  packages[`node_modules/${name}`] = { version, cpu, ...(dev && { dev }), ...(libc && { libc }), optional: true, os }
}
const sorted = Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, 'en'))
lock.packages = Object.fromEntries(sorted)
if (added.length > 0) writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`)
say(`lighthouse: ${added.length} optional packages added to package-lock.json`)
