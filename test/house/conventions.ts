// What may lie in the repository at all, and how tests behave in it.
import { homedir } from 'node:os'
import ts from 'typescript'
import { isSpec, isTypeScript, lineOf, type ProjectFile, projectFolder, type Rule, walk } from './project.js'

const topLevelFolders = new Set([
  'src',
  'test',
  'client',
  'config',
  'docker',
  'k8s',
  'docs',
  'bench',
  'scripts',
  'bin',
  '.ci',
  '.vscode',
])

export const knownTopLevel: Rule = {
  name: 'the top level holds the folders a reader expects',
  check: files => {
    const folders = new Set(files.filter(file => file.path.includes('/')).map(file => file.path.split('/')[0] ?? ''))
    return [...folders]
      .filter(folder => !topLevelFolders.has(folder))
      .map(folder => `${folder}/ is new at the top level: put it inside one of ${[...topLevelFolders].join(', ')}`)
  },
}

/** Says where a pattern occurs in the text of files. */
function textRule(name: string, pattern: RegExp, remedy: string, concerns = (_file: ProjectFile) => true): Rule {
  const check = (files: readonly ProjectFile[]) =>
    files.filter(concerns).flatMap(file =>
      file.text.split('\n').flatMap((line, index) => {
        const found = pattern.exec(line)?.[0]
        return found === undefined ? [] : [`${file.path}:${index + 1} has ${found.trim()}: ${remedy}`]
      }),
    )
  return { name, check }
}

const isCode = (file: ProjectFile) =>
  /\.(ts|mjs|yaml|yml|json|sh)$|^\.ci\//.test(file.path) && file.path !== 'package-lock.json'

export const nothingLeftForLater = textRule(
  'nothing is left for later in a comment',
  new RegExp(`\\b(${['TO', 'FIX', 'XX', 'HA'].map((a, i) => a + ['DO', 'ME', 'X', 'CK'][i]).join('|')})\\b`),
  'do it, or say in plain words what is and why',
  isCode,
)

/** Folders of people and of build machines. The machine's own are added, whatever they are called. */
const machinePaths = [
  '/home/[a-z]',
  '/Users/[A-Za-z]',
  '/work/(main|shared)',
  '/workspace/',
  '/root/',
  '[A-Z]:\\\\\\\\?Users',
]
const ownPaths = [projectFolder, homedir()]
  .filter(path => path.split('/').length > 2)
  .map(path => `${escaped(path)}\\b`)

export const noMachinePaths = textRule(
  'no path of one machine',
  new RegExp(`(^|[\\s'"\`(=:])(${[...machinePaths, ...ownPaths].join('|')})`),
  'write it relative to the project, or take it from a setting',
  file => file.path !== 'test/house/conventions.ts',
)

function escaped(path: string): string {
  return path.replace(/[\\.+*?^$()|[\]{}]/g, '\\$&')
}

export const noRegistryAddresses: Rule = {
  name: 'the lockfile works with every registry',
  check: files =>
    files
      .filter(file => file.path === 'package-lock.json' || file.path === '.npmrc')
      .flatMap(file =>
        file.text
          .split('\n')
          .flatMap((line, index) =>
            /"resolved"|registry\s*=|\bregistry\./.test(line)
              ? [
                  `${file.path}:${index + 1} names a registry: run npm install with omit-lockfile-registry-resolved=true`,
                ]
              : [],
          ),
      ),
}

interface LockedPackage {
  readonly optionalDependencies?: Record<string, string>
}

export const lockfileServesEveryPlatform: Rule = {
  name: 'the lockfile lists the optional packages of every platform',
  check: files => {
    const text = files.find(file => file.path === 'package-lock.json')?.text ?? '{}'
    const packages: Record<string, LockedPackage> = JSON.parse(text).packages ?? {}
    return Object.entries(packages).flatMap(([owner, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies)
        .filter(name => !(`node_modules/${name}` in packages) && !(`${owner}/node_modules/${name}` in packages))
        .map(name => `package-lock.json lacks ${name}: run node scripts/complete-lockfile.mjs`),
    )
  },
}

/** What reads the bytes of strangers: a second version, deeper in the tree, would be the one that does. */
const LOCKED_ONCE = ['ws']

export const readersAreLockedOnce: Rule = {
  name: 'what reads the bytes of strangers is locked in one version',
  check: files => {
    const text = files.find(file => file.path === 'package-lock.json')?.text ?? '{}'
    const places = Object.keys(JSON.parse(text).packages ?? {})
    return places
      .filter(place => LOCKED_ONCE.some(name => place.endsWith(`/node_modules/${name}`)))
      .map(place => `package-lock.json holds ${place}: name the package among the overrides of package.json`)
  },
}

/** A rule about calls in tests. */
function specRule(name: string, complaint: (node: ts.Node, file: ProjectFile) => string | undefined): Rule {
  const check = (files: readonly ProjectFile[]) =>
    files
      .filter(file => isTypeScript(file) && (isSpec(file) || /^(client\/)?test\//.test(file.path)))
      .flatMap(file => {
        const complaints: string[] = []
        walk(file, node => {
          const text = complaint(node, file)
          if (text !== undefined) complaints.push(`${file.path}:${lineOf(file, node)} ${text}`)
        })
        return complaints
      })
  return { name, check }
}

export const noLonelyTests = specRule('no test runs alone', node => {
  const lonely = modifierOf(node) === 'only' || /^f(it|describe)$/.test(calledName(node))
  return lonely ? 'keeps every other test from running: remove it' : undefined
})

export const skipsSayWhy = specRule('a skipped test says why', (node, file) => {
  const skips = ['skip', 'todo'].includes(modifierOf(node) ?? '') || /^x(it|test|describe)$/.test(calledName(node))
  if (!skips || reasonBeside(file, lineOf(file, node))) return undefined
  return 'skips without a reason: write it on the same line or the one above, as `// skip: <reason>`; the run counts it'
})

/** `only` of `it.only`, also when it is not called at once, as in `condition ? it : it.skip`. */
function modifierOf(node: ts.Node): string | undefined {
  if (!ts.isPropertyAccessExpression(node) || !ts.isIdentifier(node.expression)) return undefined
  return ['it', 'test', 'describe'].includes(node.expression.text) ? node.name.text : undefined
}

function calledName(node: ts.Node): string {
  return ts.isCallExpression(node) && ts.isIdentifier(node.expression) ? node.expression.text : ''
}

function reasonBeside(file: ProjectFile, line: number): boolean {
  const lines = file.text.split('\n')
  return [lines[line - 1], lines[line - 2]].some(text => /\/\/ skip: \S+/.test(text ?? ''))
}

export const noSleeps = specRule('no test sleeps', node => {
  const remedy = 'sleeps: wait for what must happen (a promise, an event, a line of output), not for time to pass'
  if (ts.isImportDeclaration(node)) return importsSleep(node) ? remedy : undefined
  return calledName(node) === 'setTimeout' && wakesAPromise(node as ts.CallExpression) ? remedy : undefined
})

function importsSleep(node: ts.ImportDeclaration): boolean {
  return ts.isStringLiteral(node.moduleSpecifier) && /^(node:)?timers\/promises$/.test(node.moduleSpecifier.text)
}

/** `new Promise(wake => setTimeout(wake, …))`. A timer that fails the test when it takes too long is no sleep. */
function wakesAPromise(call: ts.CallExpression): boolean {
  const [callback] = call.arguments
  const woken = callback && (ts.isArrowFunction(callback) ? callback.body : callback)
  const name = woken && (ts.isCallExpression(woken) ? woken.expression : woken)
  for (let outer: ts.Node = call; outer.parent; outer = outer.parent) {
    if (!ts.isNewExpression(outer) || outer.expression.getText() !== 'Promise') continue
    const [executor] = outer.arguments ?? []
    const wake = executor && ts.isFunctionLike(executor) ? executor.parameters[0]?.name : undefined
    if (wake && name && ts.isIdentifier(wake) && ts.isIdentifier(name)) return wake.text === name.text
  }
  return false
}

export const conventionRules: readonly Rule[] = [
  knownTopLevel,
  nothingLeftForLater,
  noMachinePaths,
  noRegistryAddresses,
  lockfileServesEveryPlatform,
  readersAreLockedOnce,
  noLonelyTests,
  skipsSayWhy,
  noSleeps,
]
