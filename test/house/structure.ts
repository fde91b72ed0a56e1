// How files and names hang together: no circles, no crowds, one name for one thing, and nothing decided by wording.
import { posix } from 'node:path'
import ts from 'typescript'
import { importsOf, isIn, isSpec, isTypeScript, lineOf, type ProjectFile, type Rule, treeOf, walk } from './project.js'

/** A package is imported from its entries, so there, and nowhere else, names of other files are passed on. */
const ENTRIES_OF_CLIENT: ReadonlySet<string> = new Set([
  'client/src/lighthouse.ts',
  'client/src/node/lighthouse.ts',
  'client/src/testing/testing.ts',
])

export const structureSizes = { filesPerFolder: 25, bagMembers: 6, readingOrderLines: 1_000, appendFiles: 15 } as const

const product = (files: readonly ProjectFile[]) =>
  files.filter(file => isTypeScript(file) && !isSpec(file) && (isIn('src')(file) || isIn('client/src')(file)))

const sourcesOf = (files: readonly ProjectFile[]) => product(files).filter(isIn('src'))

export const noCircles: Rule = {
  name: 'no circle of imports, not even of types',
  check: files => {
    const known = new Map(product(files).map(file => [file.path, file]))
    const next = new Map([...known].map(([path, file]) => [path, targetsOf(file, known)]))
    return circlesOf(next).map(
      circle =>
        `${circle.join(' → ')} → ${circle[0]}: move what two of them need into the one below, or into a file of its own`,
    )
  },
}

function targetsOf(file: ProjectFile, known: ReadonlyMap<string, ProjectFile>): string[] {
  const targets = importsOf(file)
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map(({ specifier }) => posix.join(posix.dirname(file.path), specifier).replace(/\.js$/, '.ts'))
  return [...new Set(targets)].filter(target => known.has(target))
}

/** Tarjan's strongly connected components, those of more than one file. */
function circlesOf(next: ReadonlyMap<string, readonly string[]>): string[][] {
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const circles: string[][] = []
  const visit = (path: string) => {
    index.set(path, index.size)
    low.set(path, index.get(path) as number)
    stack.push(path)
    for (const target of next.get(path) ?? []) {
      if (!index.has(target)) visit(target)
      if (stack.includes(target)) low.set(path, Math.min(low.get(path) as number, low.get(target) as number))
    }
    if (low.get(path) !== index.get(path)) return
    const circle = stack.splice(stack.indexOf(path))
    if (circle.length > 1) circles.push(circle.sort())
  }
  for (const path of next.keys()) if (!index.has(path)) visit(path)
  return circles
}

export const smallFolders: Rule = {
  name: 'a folder of src holds at most 25 files, specs not counted',
  check: files => {
    const counts = new Map<string, number>()
    for (const { path } of sourcesOf(files)) {
      const folder = posix.dirname(path)
      counts.set(folder, (counts.get(folder) ?? 0) + 1)
    }
    return [...counts]
      .filter(([, count]) => count > structureSizes.filesPerFolder)
      .map(([folder, count]) => `${folder} holds ${count} files: give the parts that belong together a folder each`)
  },
}

export const noReExports: Rule = {
  name: 'nothing is passed on under the name of another file',
  check: files =>
    product(files)
      .filter(({ path }) => !ENTRIES_OF_CLIENT.has(path))
      .flatMap(file =>
        treeOf(file).statements.flatMap(node => {
          if (!ts.isExportDeclaration(node)) return []
          return [
            `${file.path}:${lineOf(file, node)} exports what it did not define: import it from the file that defines it`,
          ]
        }),
      ),
}

export const noSpreadLiterals: Rule = {
  name: 'no literal is spread into another',
  check: files =>
    product(files).flatMap(file => {
      const complaints: string[] = []
      walk(file, node => {
        if (!ts.isSpreadAssignment(node) || !ts.isObjectLiteralExpression(node.expression)) return
        complaints.push(`${file.path}:${lineOf(file, node)} spreads a literal: write its fields where they belong`)
      })
      return complaints
    }),
}

export const oneNameOnce: Rule = {
  name: 'one exported name means one thing',
  check: files => {
    const places = new Map<string, string[]>()
    for (const file of sourcesOf(files)) {
      for (const name of exportedNames(file)) places.set(name, [...(places.get(name) ?? []), file.path])
    }
    return [...places]
      .filter(([, where]) => where.length > 1)
      .map(([name, where]) => `${where.join(' and ')} each export ${name}: give one of them the name of what it is`)
  },
}

function exportedNames(file: ProjectFile): Set<string> {
  const names = new Set<string>()
  for (const node of treeOf(file).statements) {
    const isExported =
      ts.canHaveModifiers(node) && ts.getModifiers(node)?.some(of => of.kind === ts.SyntaxKind.ExportKeyword)
    if (isExported !== true) continue
    if (ts.isVariableStatement(node)) {
      for (const { name } of node.declarationList.declarations) if (ts.isIdentifier(name)) names.add(name.text)
    } else if ('name' in node && node.name !== undefined && ts.isIdentifier(node.name as ts.Node)) {
      names.add((node.name as ts.Identifier).text)
    }
  }
  return names
}

/** A bag carries parts that do something: an interface of plain values is a value, and no way around the four parameters. */
export const smallBags: Rule = {
  name: 'a bag handed to a constructor has at most 6 members',
  check: files => {
    const sources = product(files)
    const classes = new Set<string>()
    for (const file of sources)
      walk(file, node => void (ts.isClassDeclaration(node) && classes.add(node.name?.text ?? '')))
    const bags = new Map<string, number>()
    for (const file of sources) {
      walk(file, node => {
        if (!ts.isInterfaceDeclaration(node)) return
        const parts = node.members.some(member => ts.isPropertySignature(member) && isPart(member.type, classes))
        if (parts) bags.set(nameIn(file, node.name.text), dataMembers(node.members))
      })
    }
    return sources.flatMap(file => {
      const complaints: string[] = []
      walk(file, node => {
        if (!ts.isConstructorDeclaration(node)) return
        for (const { type } of node.parameters) {
          const members = type === undefined ? 0 : membersOf(type, name => bags.get(nameIn(file, name)))
          if (members <= structureSizes.bagMembers) continue
          complaints.push(
            `${file.path}:${lineOf(file, node)} is handed ${type?.getText()} with ${members} members: split it, or split the class`,
          )
        }
      })
      return complaints
    })
  },
}

/** Of one package: the client has types of the same names as the server. */
const nameIn = ({ path }: ProjectFile, name: string) => `${path.split('/')[0]} ${name}`

function membersOf(type: ts.TypeNode, found: (name: string) => number | undefined): number {
  if (ts.isTypeLiteralNode(type)) return dataMembers(type.members)
  if (ts.isTupleTypeNode(type)) return type.elements.length
  if (!ts.isTypeReferenceNode(type) || !ts.isIdentifier(type.typeName)) return 0
  return found(type.typeName.text) ?? 0
}

function isPart(type: ts.TypeNode | undefined, classes: ReadonlySet<string>): boolean {
  if (type === undefined) return false
  if (ts.isFunctionTypeNode(type)) return true
  return ts.isTypeReferenceNode(type) && ts.isIdentifier(type.typeName) && classes.has(type.typeName.text)
}

/** What a port can do is no bag: only what is carried counts. */
function dataMembers(members: ts.NodeArray<ts.TypeElement>): number {
  return members.filter(member => ts.isPropertySignature(member)).length
}

const decisive = new Set(['includes', 'startsWith', 'endsWith', 'match', 'test', 'search', 'indexOf', 'exec'])

export const noDecisionByMessage: Rule = {
  name: 'nothing is decided by the wording of a message',
  check: files =>
    product(files).flatMap(file => {
      const complaints: string[] = []
      walk(file, node => {
        if (!decidesByMessage(node)) return
        complaints.push(
          `${file.path}:${lineOf(file, node)} looks into a message: let the error carry the fact, or a code`,
        )
      })
      return complaints
    }),
}

function decidesByMessage(node: ts.Node): boolean {
  if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
    const { name, expression } = node.expression
    return decisive.has(name.text) && [expression, ...node.arguments].some(isMessage)
  }
  if (!ts.isBinaryExpression(node)) return false
  const isComparison = [ts.SyntaxKind.EqualsEqualsEqualsToken, ts.SyntaxKind.ExclamationEqualsEqualsToken].includes(
    node.operatorToken.kind,
  )
  return isComparison && [node.left, node.right].some(isMessage) && ![node.left, node.right].some(isUndefined)
}

function isMessage(node: ts.Node): boolean {
  if (ts.isPropertyAccessExpression(node)) return node.name.text === 'message'
  return ts.isIdentifier(node) && node.text === 'message'
}

function isUndefined(node: ts.Node): boolean {
  return ts.isIdentifier(node) && node.text === 'undefined'
}

const rulesPage = 'docs/DURABILITY.md'

export const citedRulesExist: Rule = {
  name: 'a rule that code cites stands in docs/DURABILITY.md',
  check: files => {
    const page = files.find(({ path }) => path === rulesPage)?.text ?? ''
    const known = new Set([...page.matchAll(/^[-|*]+ *\**([A-Z]\d{1,2})\b/gm)].map(([, code]) => code))
    return sourcesOf(files).flatMap(file =>
      file.text.split('\n').flatMap((line, at) => {
        const comment = /(?:^|\s)(?:\/\/|\/?\*\*?)(.*)/.exec(line)?.[1] ?? ''
        return [...comment.matchAll(/\b([CDHJKLNRSTW]\d{1,2})\b/g)]
          .filter(([, code]) => !known.has(code))
          .map(
            ([, code]) => `${file.path}:${at + 1} cites ${code}: write the rule into ${rulesPage}, or say it in words`,
          )
      }),
    )
  },
}

const plan = 'docs/ARCHITECTURE.md'

export const shortReadingOrder: Rule = {
  name: 'the reading order of docs/ARCHITECTURE.md has under 1,000 lines',
  check: files => {
    const page = files.find(({ path }) => path === plan)
    if (page === undefined) return []
    const sentence = /^Reading order.*$/m.exec(page.text)?.[0] ?? ''
    const named = [...sentence.matchAll(/`([\w./-]+\.ts)`|\[[\w-]+\.md\]\(([\w-]+\.md)\)/g)].map(([, code, doc]) =>
      code === undefined ? `docs/${doc}` : `src/${code}`,
    )
    const missing = named.filter(path => !files.some(file => file.path === path))
    if (named.length < 3 || missing.length > 0)
      return [`${plan} names no reading order, or files that are not there: ${missing.join(', ')}`]
    const lines = [plan, ...named].reduce((sum, path) => sum + linesOf(files.find(file => file.path === path)), 0)
    if (lines < structureSizes.readingOrderLines) return []
    return [`${plan}: its reading order has ${lines} lines: leave out what a newcomer does not need first`]
  },
}

function linesOf(file: ProjectFile | undefined): number {
  return file === undefined ? 0 : file.text.replace(/\n$/, '').split('\n').length
}

export const shortAppendPath: Rule = {
  name: 'docs/ARCHITECTURE.md follows an append through at most 15 files',
  check: files => {
    const page = files.find(({ path }) => path === plan)
    if (page === undefined) return []
    const steps = [...page.text.matchAll(/^\d+\. `([\w./-]+\.ts)`/gm)].map(([, path]) => `src/${path}`)
    const missing = steps.filter(path => !files.some(file => file.path === path))
    if (steps.length === 0 || missing.length > 0)
      return [`${plan} lists no files of an append, or some that are not there: ${missing.join(', ')}`]
    if (steps.length <= structureSizes.appendFiles) return []
    return [`${plan} names ${steps.length} files of an append: fold what only hands it on into its neighbour`]
  },
}

export const namedPathsExist: Rule = {
  name: 'docs/ARCHITECTURE.md names only what is there',
  check: files => {
    const page = files.find(({ path }) => path === plan)
    if (page === undefined) return []
    return page.text.split('\n').flatMap((line, at) =>
      [...line.matchAll(/`([\w.-]+(?:\/[\w.-]+)*\/?)`/g)]
        .map(([, named]) => named as string)
        .filter(named => named.endsWith('.ts') || named.includes('/'))
        .filter(named => !files.some(({ path }) => isNamedBy(named, path)))
        .map(named => `${plan}:${at + 1} names ${named}: give the path it has today`),
    )
  },
}

/** A name may begin at any folder: the page says in which part of the project it is. */
function isNamedBy(named: string, path: string): boolean {
  return named.endsWith('.ts') ? `/${path}`.endsWith(`/${named}`) : `/${path}`.includes(`/${named.replace(/\/$/, '')}/`)
}

const record = 'docs/BUGS.md'

export const numberedInOrder: Rule = {
  name: 'the entries of docs/BUGS.md are numbered in order, each number once',
  check: files => {
    const page = files.find(({ path }) => path === record)?.text ?? ''
    let last = 0
    return page.split('\n').flatMap((line, at) => {
      const number = Number(/^(\d+)\. /.exec(line)?.[1] ?? Number.POSITIVE_INFINITY)
      if (!Number.isFinite(number)) return []
      const before = last
      last = Math.max(last, number)
      return number > before ? [] : [`${record}:${at + 1} has ${number} after ${before}: give it a number of its own`]
    })
  },
}

export const oneRowEach: Rule = {
  name: 'a question stands in docs/ARCHITECTURE.md once',
  check: files => {
    const page = files.find(({ path }) => path === plan)?.text ?? ''
    const questions = [...page.matchAll(/^\| (.+?) \|/gm)].map(([, question]) => question as string)
    return questions
      .filter((question, at) => questions.indexOf(question) < at)
      .map(question => `${plan} asks twice: ${question}: leave one row of them, with the paths of today`)
  },
}

export const structureRules: readonly Rule[] = [
  noSpreadLiterals,
  noCircles,
  smallFolders,
  noReExports,
  oneNameOnce,
  smallBags,
  noDecisionByMessage,
  citedRulesExist,
  shortReadingOrder,
  shortAppendPath,
  namedPathsExist,
  oneRowEach,
  numberedInOrder,
]
