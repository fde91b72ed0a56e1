// Which folder of src lies on which floor, and the rule that a floor imports only what is below it.
import { posix } from 'node:path'
import { type Import, importsOf, isIn, isSpec, isTypeScript, type ProjectFile, type Rule } from './project.js'
import { engineDoorsClose } from './rooms.js'

/** Units by floor. A unit is a folder; the files directly in src, which assemble the rest, are a unit of their own. */
const floors: readonly (readonly string[])[] = [
  ['contract'],
  ['threads'],
  ['record', 'config', 'signals'],
  ['backends/memory', 'backends/embedded', 'backends/replicated', 'backends/follower'],
  ['wire', 'auth', 'logging', 'metrics', 'tracing', 'failures', 'monitors', 'degradation'],
  ['storage'],
  ['service-streams', 'following', 'upcasting', 'definitions', 'streaming', 'folding', 'appending', 'alerting'],
  [
    'events',
    'indexing',
    'groups',
    'websocket',
    'replay',
    'projections',
    'snapshots',
    'transfer',
    'health',
    'operations',
    'api-docs',
  ],
  ['server', 'cli', '.'],
]

const backends = 3
const shared = 6
const features = 7
const assembly = 8

/** The wrapping of a backend happens in one place; the command line repairs what no server may open. */
const mayNameBackends = new Set(['storage', 'cli'])

const packagesOfBackends = new Set(['msgpackr', 'fs-native-extensions'])
const packagesOfEngine = new Set(['fs-native-extensions'])
const engine = 'src/backends/embedded/engine/'

interface Place {
  readonly unit: string
  readonly floor: number
}

/** Where a path of src lies; undefined when its folder belongs to no floor. */
export function placeOf(path: string): Place | undefined {
  const folder = posix.dirname(posix.relative('src', path))
  const holds = (unit: string) => folder === unit || (unit !== '.' && folder.startsWith(`${unit}/`))
  for (const [floor, units] of floors.entries()) {
    const unit = units.find(holds)
    if (unit !== undefined) return { unit, floor }
  }
  return undefined
}

const sources = (files: readonly ProjectFile[]) => files.filter(isIn('src')).filter(isTypeScript)

export const everyFolderHasAFloor: Rule = {
  name: 'every folder of src belongs to a floor',
  check: files =>
    sources(files)
      .filter(file => placeOf(file.path) === undefined)
      .map(
        file =>
          `${file.path} lies on no floor: move it into a folder that does, or give its folder one in test/house/floors.ts`,
      ),
}

export const importsGoDown: Rule = {
  name: 'a floor imports only what is below it',
  check: files => sources(files).flatMap(file => importsOf(file).flatMap(found => complaintAboutImport(file, found))),
}

function complaintAboutImport(file: ProjectFile, { specifier, line }: Import): string[] {
  const from = placeOf(file.path)
  if (from === undefined || !specifier.startsWith('.')) return []
  const target = posix.join(posix.dirname(file.path), specifier)
  const where = `${file.path}:${line} imports ${target}`
  if (!target.startsWith('src/')) return complaintAboutLeaving(file, where, target)
  const to = placeOf(target)
  if (to === undefined || to.unit === from.unit) return []
  if (to.floor === backends && from.floor !== backends && !mayNameBackends.has(from.unit)) {
    return [`${where}: only src/storage and src/cli name a backend; ask for EventStore from the contract`]
  }
  if (from.floor === features && to.floor === features && !isSpec(file)) return complaintAboutNeighbour(where)
  if (to.floor < from.floor || mayKnowNeighbour(file, from, to)) return []
  const rule = from.floor === to.floor ? 'neighbours on one floor do not know each other' : 'that is a floor above'
  return [`${where}: ${rule}; move what both need down, to the contract if need be, or hand it in from above`]
}

/** Specs may use what tests share; the product uses neither tests nor benches nor scripts. */
function complaintAboutLeaving(file: ProjectFile, where: string, target: string): string[] {
  if (isSpec(file) && target.startsWith('test/')) return []
  return [`${where}: the product stands alone; move what it needs into src`]
}

/** What a follower follows is the log of an embedded backend, which it reads by the same code. */
const followersReadEmbedded = (from: Place, to: Place) =>
  from.unit === 'backends/follower' && to.unit === 'backends/embedded'

/** What several features stand on may stand on one another, the edges of the server as well, and a spec uses any feature. */
function mayKnowNeighbour(file: ProjectFile, from: Place, to: Place): boolean {
  if (from.floor !== to.floor) return false
  if (followersReadEmbedded(from, to)) return true
  return from.floor === shared || from.floor === assembly || (from.floor === features && isSpec(file))
}

function complaintAboutNeighbour(where: string): string[] {
  return [`${where}: features never import each other; move what both need to a floor below them`]
}

export const contractImportsNothing: Rule = {
  name: 'the contract imports nothing outside itself',
  check: files =>
    complaintsAboutPackages(
      files,
      'src/contract/',
      () => false,
      'the contract is plain language: no package, not even node:',
    ),
}

export const backendsKnowNoNest: Rule = {
  name: 'backends import no Nest',
  check: files =>
    complaintsAboutPackages(
      files,
      'src/backends/',
      name => name.startsWith('node:') || packagesOfBackends.has(name),
      'a backend uses node: and the packages that test/house/floors.ts approves; Nest wraps it in src/storage',
    ),
}

export const engineKnowsNoEvents: Rule = {
  name: 'the engine knows nothing of events',
  check: files => [
    ...complaintsAboutPackages(
      files,
      engine,
      name => name.startsWith('node:') || packagesOfEngine.has(name),
      'the engine keeps bytes with node: and approved packages; encode above it',
    ),
    ...sources(files)
      .filter(file => file.path.startsWith(engine) && !isSpec(file))
      .flatMap(file => importsOf(file).map(found => ({ file, ...found })))
      .filter(({ file, specifier }) => specifier.startsWith('.') && leaves(engine, file, specifier))
      .map(
        ({ file, line, specifier }) =>
          `${file.path}:${line} imports ${specifier}: the engine keeps bytes and imports only itself; hand it in as an argument`,
      ),
  ],
}

const client = 'client/src/'
const clientOfNode = 'client/src/node/'

/** A browser never loads what Node alone has: nothing of the rest imports it. */
export const clientStandsAlone: Rule = {
  name: 'the client imports nothing but itself, and in node/ what Node has and ws',
  check: files =>
    files
      .filter(file => file.path.startsWith(client) && isTypeScript(file) && !isSpec(file))
      .flatMap(file => importsOf(file).map(found => ({ file, ...found })))
      .filter(({ file, specifier }) => !mayClientImport(file, specifier))
      .map(
        ({ file, line, specifier }) =>
          `${file.path}:${line} imports ${specifier}: the client runs in browsers and is installed alone; use what every platform has, or see whether it belongs into ${clientOfNode}`,
      ),
}

function mayClientImport(file: ProjectFile, specifier: string): boolean {
  const inNode = file.path.startsWith(clientOfNode)
  if (!specifier.startsWith('.')) return inNode && (specifier.startsWith('node:') || specifier === 'ws')
  return !leaves(client, file, specifier) && (inNode || leaves(clientOfNode, file, specifier))
}

export const onlyTheCommandLineIsAClient: Rule = {
  name: 'only the command line imports the client',
  check: files =>
    sources(files)
      .filter(file => !isIn('src/cli')(file))
      .flatMap(file => importsOf(file).map(found => ({ file, ...found })))
      .filter(({ specifier }) => specifier === '#client' || specifier.startsWith('#client/'))
      .map(
        ({ file, line, specifier }) =>
          `${file.path}:${line} imports ${specifier}: the server never calls itself; ask the part that has the answer`,
      ),
}

function complaintsAboutPackages(
  files: readonly ProjectFile[],
  folder: string,
  approved: (name: string) => boolean,
  remedy: string,
): string[] {
  return sources(files)
    .filter(file => file.path.startsWith(folder) && !isSpec(file))
    .flatMap(file =>
      importsOf(file)
        .filter(({ specifier }) => !specifier.startsWith('.') && !approved(packageName(specifier)))
        .map(({ specifier, line }) => `${file.path}:${line} imports ${specifier}: ${remedy}`),
    )
}

/** `@scope/name/inner` is part of `@scope/name`; `node:fs/promises` is itself. */
function packageName(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function leaves(folder: string, file: ProjectFile, specifier: string): boolean {
  return !posix.join(posix.dirname(file.path), specifier).startsWith(folder)
}

export const floorRules: readonly Rule[] = [
  everyFolderHasAFloor,
  importsGoDown,
  contractImportsNothing,
  backendsKnowNoNest,
  engineKnowsNoEvents,
  engineDoorsClose,
  clientStandsAlone,
  onlyTheCommandLineIsAClient,
]
