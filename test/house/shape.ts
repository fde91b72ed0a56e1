// How code is cut: sizes, names, and the few things of Nest this house does without.
import { posix } from 'node:path'
import ts from 'typescript'
import { placeOf } from './floors.js'
import { importsOf, isIn, isSpec, isTypeScript, lineOf, type ProjectFile, type Rule, treeOf, walk } from './project.js'

export const sizes = { constructorParameters: 4, functionLines: 70, fileLines: 400, specFileLines: 800 } as const

const typescript = (files: readonly ProjectFile[]) => files.filter(isTypeScript)
const isSource = (file: ProjectFile) => isIn('src')(file) || isIn('client/src')(file)
const sources = (files: readonly ProjectFile[]) => typescript(files).filter(isSource)

/** A rule that looks at every node of the given files and says what is wrong with it, if anything. */
function nodeRule(
  name: string,
  of: typeof sources,
  complaint: (node: ts.Node, file: ProjectFile) => string | undefined,
): Rule {
  const check = (files: readonly ProjectFile[]) =>
    of(files).flatMap(file => {
      const complaints: string[] = []
      walk(file, node => {
        const text = complaint(node, file)
        if (text !== undefined) complaints.push(`${file.path}:${lineOf(file, node)} ${text}`)
      })
      return complaints
    })
  return { name, check }
}

export const shortConstructors = nodeRule('a constructor takes at most 4 things', sources, node => {
  if (!ts.isConstructorDeclaration(node) || node.parameters.length <= sizes.constructorParameters) return undefined
  return `takes ${node.parameters.length} things: two of them belong together, or the class does two jobs; split it`
})

/** What assembles the server needs no suffix to say that Nest is inside. */
const assembles = (file: ProjectFile) => ['.', 'server'].includes(placeOf(file.path)?.unit ?? '')

const notSpecs = (files: readonly ProjectFile[]) => typescript(files).filter(file => !isSpec(file))

export const shortFunctions = nodeRule('a function has at most 70 lines', notSpecs, (node, file) => {
  if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined) return undefined
  const tree = treeOf(file)
  const last = tree.getLineAndCharacterOfPosition(node.getEnd()).line + 1
  const lines = last - lineOf(file, node) + 1
  if (lines <= sizes.functionLines) return undefined
  return `has ${lines} lines: name its steps and make each a function`
})

export const shortFiles: Rule = {
  name: 'a file has at most 400 lines, a spec 800',
  check: files =>
    typescript(files).flatMap(file => {
      const lines = file.text.replace(/\n$/, '').split('\n').length
      const most = isSpec(file) ? sizes.specFileLines : sizes.fileLines
      return lines <= most
        ? []
        : [`${file.path} has ${lines} lines: it holds more than one subject; give each its file`]
    }),
}

export const openingSentence: Rule = {
  name: 'a file opens with a sentence that says what it is',
  check: files =>
    files
      .filter(file => /\.(ts|mjs)$/.test(file.path))
      .filter(file => !opensWithSentence(file.text))
      .map(
        file =>
          `${file.path} does not open with a comment sentence: say in its first line what it is, and end it with a full stop`,
      ),
}

function opensWithSentence(text: string): boolean {
  const code = text.replace(/^#!.*\n/, '')
  const comment = /^(?:(?:\/\/.*\n?)+|\/\*[\s\S]*?\*\/)/.exec(code)?.[0]
  if (comment === undefined) return false
  const words = comment.replace(/^\s*(?:\/\/|\/\*\*?|\*\/|\*)|\*\/$/gm, ' ').trim()
  return words.split(/\s+/).length >= 3 && /[.!?:]$/m.test(words)
}

export const noBarrels: Rule = {
  name: 'no barrels',
  check: files =>
    sources(files)
      .filter(file => posix.basename(file.path) === 'index.ts' || onlyPassesOn(file))
      .map(file => `${file.path} only passes other files on: import each thing from the file that defines it`),
}

function onlyPassesOn(file: ProjectFile): boolean {
  const { statements } = treeOf(file)
  return (
    statements.length > 0 &&
    statements.every(node => ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined)
  )
}

export const noDrawers: Rule = {
  name: 'no folder for what has no name',
  check: files =>
    files
      .filter(file => /^(src|test|bench)\/(.*\/)?(common|utils?|helpers?|shared|misc|lib)\//.test(file.path))
      .map(file => `${file.path} lies in a drawer: put it beside what uses it, or name the folder after its subject`),
}

export const noForwardRef = nodeRule('no forwardRef', sources, node => {
  if (!ts.isIdentifier(node) || node.text !== 'forwardRef') return undefined
  return 'uses forwardRef: two parts need each other; let one tell an observer, or move what both need down'
})

export const noStringTokens = nodeRule('no string tokens', sources, node => {
  const isInject = ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'Inject'
  const token = isInject ? node.arguments[0] : providedToken(node)
  if (token === undefined || !ts.isStringLiteralLike(token)) return undefined
  return `injects by the text '${token.text}': make the token an abstract class, which carries its type`
})

function providedToken(node: ts.Node): ts.Expression | undefined {
  const isProvide = ts.isPropertyAssignment(node) && ts.isIdentifier(node.name) && node.name.text === 'provide'
  return isProvide ? node.initializer : undefined
}

const globals = nodeRule('@Global', sources, node => {
  if (!ts.isDecorator(node) || !ts.isCallExpression(node.expression)) return undefined
  const { expression } = node.expression
  return ts.isIdentifier(expression) && expression.text === 'Global' ? 'is @Global' : undefined
})

export const oneGlobalModule: Rule = {
  name: 'only ConfigModule is global',
  check: files =>
    globals
      .check(files)
      .filter(place => !place.startsWith('src/config/config.module.ts:'))
      .map(place => `${place}: import the module where it is used, so that a reader sees who needs it`),
}

const nestSuffix = /\.(module|controller|gateway|guard|filter|pipe|interceptor|decorator|service|strategy|dto)\.ts$/

export const namesTellNest: Rule = {
  name: 'a name tells whether Nest is inside',
  check: files =>
    sources(files)
      .filter(file => !isSpec(file) && !nestSuffix.test(file.path) && !assembles(file))
      .flatMap(file =>
        importsOf(file)
          .filter(({ specifier, typeOnly }) => !typeOnly && /^(@nestjs\/|nestjs-|@willsoto\/)/.test(specifier))
          .map(
            ({ specifier, line }) =>
              `${file.path}:${line} imports ${specifier}: end its name in .service.ts, .guard.ts, …, or keep it pure`,
          ),
      ),
}

export const shapeRules: readonly Rule[] = [
  shortConstructors,
  shortFunctions,
  shortFiles,
  openingSentence,
  noBarrels,
  noDrawers,
  noForwardRef,
  noStringTokens,
  oneGlobalModule,
  namesTellNest,
]
