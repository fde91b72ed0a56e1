// Snippets of JavaScript and TypeScript as the client's README shows them: what stands before them when they run or are compiled.
import { join, resolve } from 'node:path'
import ts from 'typescript'
import type { Page } from './pages.js'

export interface Snippet {
  readonly module: string
  /** It goes on for as long as it is let: its first line shows that it works. */
  readonly endless: boolean
}

const root = resolve(import.meta.dirname, '..', '..')

/** What is the reader's own in a snippet, and the client, which the first snippet of the page makes. */
const OWN: Readonly<Record<string, string>> = {
  Lighthouse: `import { Lighthouse } from '@lighthouse/client'`,
  url: `const url = 'http://127.0.0.1:8765'`,
  token: 'const token = process.env.TOKEN',
  lighthouse: 'const lighthouse = new Lighthouse({ url, token })',
  event: `const event = { type: 'TaskStarted', stream: 'agent_builder-1/T-17', data: {} }`,
  claim: `const claim = { type: 'TaskClaimed', stream: 'agent_builder-1/T-17', data: {}, tags: ['task:T-17'] }`,
  position: 'const position = 0',
  savedPosition: 'const savedPosition = undefined',
  handle: `const handle = async ({ position }) => console.log('handled', position)`,
  save: 'const save = async position => position',
  build: `const build = async data => console.log('built', data)`,
  signal: 'const { signal } = new AbortController()',
}

export function snippetOf(text: string): Snippet {
  const endless = /\.(?:follow|consume)\(/.test(text)
  return { module: `${ownOf(text, OWN).join('\n')}\n${text}`, endless }
}

/** In the order of the table, with what they themselves need. */
function ownOf(text: string, table: Readonly<Record<string, string>>): string[] {
  let all = text
  const needed: string[] = []
  for (const [name, declaration] of Object.entries(table).reverse()) {
    const declared = new RegExp(`\\b(?:const|let|function|class) ${name}\\b|import \\{[^}]*\\b${name}\\b[^}]*\\}`)
    if (!new RegExp(`(?<![.\\w-])${name}\\b(?!\\s*:)`).test(all) || declared.test(text)) continue
    needed.unshift(declaration)
    all = `${declaration}\n${all}`
  }
  return needed
}

const lighthouse = `import { Lighthouse } from '@lighthouse/client'`

/** The same for what is compiled: of each name the type that the client gives it. */
const TYPES: Readonly<Record<string, string>> = {
  Lighthouse: lighthouse,
  NewEvent: `import type { NewEvent } from '@lighthouse/client'`,
  ReadRequest: `import type { ReadRequest } from '@lighthouse/client'`,
  SelectRequest: `import type { SelectRequest } from '@lighthouse/client'`,
  Options: 'type Options = Required<ConstructorParameters<typeof Lighthouse>[0]>',
  Append: `type Append = Required<NonNullable<Parameters<Lighthouse['appendTo']>[2]>>`,
  Batch: `type Batch = { expectations: readonly { stream: string; expectedRevision: 'none' }[] }`,
  More: 'type More = { cursor: string; from: number; timeoutSeconds: number }',
  Asked: 'type Asked = Required<ReadRequest> & Required<SelectRequest> & More',
  ...declared('Options', ['url', 'token', 'retry', 'timeoutMs', 'fetch', 'WebSocket']),
  ...declared('Append', ['expectedRevision', 'condition', 'key']),
  ...declared('Batch', ['expectations']),
  ...declared('Asked', ['streams', 'types', 'tags', 'agents', 'correlationId', 'causationId', 'sessionId']),
  ...declared('Asked', ['after', 'before', 'since', 'until', 'order', 'limit', 'where', 'orderBy', 'pageSize']),
  ...declared('Asked', ['from', 'cursor', 'timeoutSeconds', 'select']),
  stream: 'declare const stream: string',
  name: 'declare const name: string',
  idOrPosition: 'declare const idOrPosition: string | number',
  idOfEvent: 'declare const idOfEvent: string',
  event: 'declare const event: NewEvent',
  another: 'declare const another: NewEvent',
  eventOrEvents: 'declare const eventOrEvents: NewEvent',
  lighthouse: 'declare const lighthouse: Lighthouse',
}

function declared(type: string, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map(name => [name, `declare const ${name}: ${type}['${name}']`]))
}

/** What the compiler says of the TypeScript of a page, against the client as it is; each block is a module of its own. */
export function compilerFaults({ path, blocks }: Page): string[] {
  const modules = new Map(
    blocks
      .filter(({ language }) => language === 'ts')
      .map(({ line, text }) => {
        const own = ownOf(text, TYPES)
        const module = `${own.join('\n')}\n${text}export {}\n`
        return [join(root, 'client', 'src', `readme-line-${line}.ts`), { line: line - own.length, module }]
      }),
  )
  if (modules.size === 0) return []
  const project = join(root, 'client', 'tsconfig.json')
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(project, ts.sys.readFile).config,
    ts.sys,
    join(root, 'client'),
  )
  const settings = {
    ...options,
    noEmit: true,
    paths: { '@lighthouse/client': [join(root, 'client/src/lighthouse.ts')] },
  }
  const host = ts.createCompilerHost(settings)
  const { readFile, fileExists, getSourceFile } = host
  host.readFile = name => modules.get(name)?.module ?? readFile(name)
  host.fileExists = name => modules.has(name) || fileExists(name)
  host.getSourceFile = (name, languageVersion) => {
    const module = modules.get(name)?.module
    return module === undefined
      ? getSourceFile(name, languageVersion)
      : ts.createSourceFile(name, module, languageVersion)
  }
  const program = ts.createProgram([...modules.keys()], settings, host)
  return [...modules].flatMap(([name, { line }]) => {
    const source = program.getSourceFile(name)
    return ts.getPreEmitDiagnostics(program, source).map(({ messageText, start = 0 }) => {
      const at = (source?.getLineAndCharacterOfPosition(start).line ?? 0) + line
      return `${path}:${at} does not compile: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
    })
  })
}
