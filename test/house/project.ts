// The project as the house rules see it: a list of files, each with its text and, for TypeScript, its syntax tree.
import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import ts from 'typescript'

export interface ProjectFile {
  /** From the project's folder, with forward slashes. */
  readonly path: string
  readonly text: string
}

/** A rule of the house. It finds violations, each named with the place and with what to do instead. */
export interface Rule {
  readonly name: string
  readonly check: (files: readonly ProjectFile[]) => string[]
}

export const projectFolder = join(import.meta.dirname, '..', '..')

/** Every text file of the work tree that git would keep. */
export function readProject(folder = projectFolder): ProjectFile[] {
  const ignored = ignoredPaths(folder)
  const files: ProjectFile[] = []
  const visit = (relative: string) => {
    for (const entry of readdirSync(join(folder, relative), { withFileTypes: true })) {
      const path = posix.join(relative, entry.name)
      if (ignored.some(pattern => pattern.test(path))) continue
      if (entry.isDirectory()) visit(path)
      else if (entry.isFile()) files.push({ path, text: textOf(join(folder, path)) })
    }
  }
  visit('')
  return files.sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** What .gitignore lists; ours are plain names and `*`, with a leading slash for the top level only. */
function ignoredPaths(folder: string): RegExp[] {
  const patterns = readFileSync(join(folder, '.gitignore'), 'utf8').split('\n')
  return ['/.git', ...patterns.filter(line => line !== '' && !line.startsWith('#'))].map(line => {
    const escaped = line
      .replace(/\/$/, '')
      .replace(/[.+^$()|[\]{}]/g, '\\$&')
      .replaceAll('*', '[^/]*')
    return new RegExp(escaped.startsWith('/') ? `^${escaped.slice(1)}$` : `(^|/)${escaped}$`)
  })
}

/** Binary fixtures count as empty: no rule speaks of bytes. */
function textOf(path: string): string {
  const bytes = readFileSync(path)
  return bytes.includes(0) ? '' : bytes.toString('utf8')
}

const trees = new WeakMap<ProjectFile, ts.SourceFile>()

export function treeOf(file: ProjectFile): ts.SourceFile {
  const known = trees.get(file)
  if (known !== undefined) return known
  const tree = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true)
  trees.set(file, tree)
  return tree
}

export function isTypeScript(file: ProjectFile): boolean {
  return file.path.endsWith('.ts')
}

export function isSpec(file: ProjectFile): boolean {
  return file.path.endsWith('.spec.ts')
}

export function isIn(folder: string): (file: ProjectFile) => boolean {
  return file => file.path.startsWith(`${folder}/`)
}

/** Calls back for every node of a file's tree, the outer before the inner. */
export function walk(file: ProjectFile, visit: (node: ts.Node) => void): void {
  const descend = (node: ts.Node) => {
    visit(node)
    ts.forEachChild(node, descend)
  }
  descend(treeOf(file))
}

export function lineOf(file: ProjectFile, node: ts.Node): number {
  const tree = treeOf(file)
  return tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1
}

export interface Import {
  readonly specifier: string
  readonly line: number
  /** Types vanish when the file is compiled. */
  readonly typeOnly: boolean
}

/** What a file imports or re-exports, dynamic imports included. */
export function importsOf(file: ProjectFile): Import[] {
  const found: Import[] = []
  walk(file, node => {
    const specifier = importedBy(node)
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return
    const typeOnly = ts.isImportTypeNode(node) || (ts.isImportDeclaration(node) && isTypeOnly(node))
    found.push({ specifier: specifier.text, line: lineOf(file, node), typeOnly })
  })
  return found
}

function importedBy(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return node.argument.literal
  const isImportCall = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
  return isImportCall ? node.arguments[0] : undefined
}

function isTypeOnly({ importClause: clause }: ts.ImportDeclaration): boolean {
  if (clause === undefined) return false
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true
  const named = clause.namedBindings
  const everyNameIsAType =
    named !== undefined && ts.isNamedImports(named) && named.elements.every(name => name.isTypeOnly)
  return clause.name === undefined && everyNameIsAType
}
