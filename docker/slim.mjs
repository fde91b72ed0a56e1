// Takes out of folders what a running server never opens, for the image: `node docker/slim.mjs node_modules dist`.
import { readdirSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** Packages that are installed because another names them, and that nothing loads when the server runs. */
const NEVER_LOADED = [
  // The base image brings Node.
  /^node-(?:bin-)?(?:linux|darwin|win)-/,
  // @nestjs/swagger reads types with it when a project is compiled by Nest's own compiler, and this one is not.
  /^typescript$/,
  // Commands of packages; the image has `lighthouse`.
  /^\.bin$/,
]

/** What compilers, debuggers and people read of a package. Licences ask to be passed on. */
const NEVER_READ = /\.(?:[cm]?ts|map|md|markdown|flow|tsbuildinfo)$/i
const LICENCE = /^(?:licen[cs]e|notice|copying)/i
/** Beside a package.json they are of those who wrote the package. */
const OF_ITS_AUTHORS = /^(?:tests?|__tests__|benchmarks?|bench|examples?|coverage|\.github)$/

function slim(folder) {
  const entries = readdirSync(folder, { withFileTypes: true })
  const isPackage = entries.some(({ name }) => name === 'package.json')
  for (const entry of entries) {
    const path = join(folder, entry.name)
    if (!entry.isDirectory()) {
      if (NEVER_READ.test(entry.name) && !LICENCE.test(entry.name)) rmSync(path)
    } else if (isPackage && OF_ITS_AUTHORS.test(entry.name)) rmSync(path, { recursive: true })
    else {
      slim(path)
      // npm leaves the scopes of the packages that it has taken out.
      if (readdirSync(path).length === 0) rmdirSync(path)
    }
  }
}

for (const folder of process.argv.slice(2)) {
  for (const name of readdirSync(folder)) {
    if (NEVER_LOADED.some(pattern => pattern.test(name))) rmSync(join(folder, name), { recursive: true })
  }
  slim(folder)
}
