// What the pages name in passing is there: commands of the executable and their options, npm scripts, routes, files.
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { expect, test } from '@jest/globals'
import { TABLE } from '../../src/cli/commands.js'
import { run } from '../../src/cli/run.js'
import { defaultQuotas } from '../../src/config/figures.js'
import { ERRORS } from '../../src/contract/errors.js'
import { pagesOf } from './pages.js'

const root = resolve(import.meta.dirname, '..', '..')
/** The record of what was, and the reasons of then, may name what is no more. */
const NOW = pagesOf(root).filter(({ path }) => !/CHANGELOG|BUGS|adr\//.test(path))
const json = (path: string) => JSON.parse(readFileSync(join(root, path), 'utf8'))

const spans = NOW.flatMap(({ path, text }) =>
  [...withoutBlocks(text).matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => ({ path, code })),
)

function withoutBlocks(text: string): string {
  return text.replaceAll(/^ *```[\s\S]*?^ *```/gm, '')
}

test('each npm script that a page names is there', () => {
  const scripts = new Set(Object.keys(json('package.json').scripts))
  const named = spans.flatMap(({ path, code }) =>
    [...code.matchAll(/\bnpm run ([a-z][\w:-]*\w)(?!\w|:…)/g)].map(([, script = '']) => ({ path, script })),
  )
  expect(named.length).toBeGreaterThan(20)
  expect(named.filter(({ script }) => !scripts.has(script))).toEqual([])
})

test('each command of the executable that a page names is there, with its options', async () => {
  const named = spans.flatMap(({ path, code }) => {
    const [, first = '', second = '', rest = ''] = /^(?:npx )?lighthouse ([a-z]+)( [a-z]+)?(.*)$/.exec(code) ?? []
    const command = Object.hasOwn(TABLE.commands, first + second) ? first + second : first
    const options = [...rest.matchAll(/ (--[a-z-]+)/g)].map(([, option = '']) => option)
    return command === '' ? [] : [{ path, code, command, options }]
  })
  expect(named.length).toBeGreaterThan(10)
  const helps = new Map(
    await Promise.all(
      [...new Set(named.map(({ command }) => command))].map(async command => [command, await helpOn(command)] as const),
    ),
  )
  const lacks = ({ command, options }: (typeof named)[number]) =>
    [command, ...options].some(word => !helps.get(command)?.includes(` ${word}`))
  expect(named.filter(lacks)).toEqual([])
})

/** What `lighthouse help <command>` prints; nothing where there is no such command. */
async function helpOn(command: string): Promise<string> {
  let printed = ''
  const code = await run(['help', ...command.split(' ')], { out: text => (printed += text), err: () => undefined })
  return code === 0 ? printed : ''
}

test('each route that a page names is in the document of the API', () => {
  const paths: Record<string, Record<string, unknown>> = json('docs/openapi.json').paths
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map(method => `${method.toUpperCase()} ${path.replaceAll(/\{\w+\}/g, '{}')}`),
  )
  const known = new Set([...routes, ...routes.map(route => route.replace(/^\w+ /, ''))])
  // Of routes that the document leaves out, being for people and scrapers, or no request of HTTP.
  for (const other of ['/v1/stream', '/v1']) known.add(`GET ${other}`).add(other)
  const named = spans.flatMap(({ path, code }) => {
    const [route, method = '', address = ''] = /^(?:(GET|POST|PUT|DELETE) )?(\/v1[^\s?…]*)(?:\?\S*)?$/.exec(code) ?? []
    const asked = `${method === '' ? '' : `${method} `}${address.replaceAll(/\{\w+\}/g, '{}')}`
    return route === undefined ? [] : [{ path, asked }]
  })
  expect(named.length).toBeGreaterThan(50)
  expect(named.filter(({ asked }) => !isKnown(asked, known))).toEqual([])
})

/** A page may write an id, or one of a few words, where the document has a parameter. */
function isKnown(asked: string, known: ReadonlySet<string>): boolean {
  if (known.has(asked)) return true
  const segments = asked.split('/')
  return [...known].some(route => {
    const parts = route.split('/')
    return parts.length === segments.length && parts.every((part, at) => part === segments[at] || part === '{}')
  })
}

test('each setting that a page names is known to the sources', () => {
  const folders = ['src', 'client/src', 'client/python', 'client/test', 'test', 'bench', 'scripts']
  const sources = folders
    .flatMap(folder => globSync(`${folder}/**/*.{ts,mjs,py}`, { cwd: root }))
    .filter(path => !path.startsWith('test/docs/'))
    .map(path => readFileSync(join(root, path), 'utf8'))
    .join('\n')
  const named = NOW.flatMap(({ path, text }) =>
    // Of each setting a file may be named that holds it.
    [...text.matchAll(/\bLIGHTHOUSE_[A-Z_]*[A-Z]\b/g)].map(([name]) => ({ path, name: name.replace(/_FILE$/, '') })),
  )
  const known = new Map(named.map(({ name }) => [name, sources.includes(name)]))
  expect(known.size).toBeGreaterThan(40)
  expect(named.filter(({ name }) => known.get(name) !== true)).toEqual([])
})

test('each code that a page names beside a status has that status', () => {
  const named = NOW.flatMap(({ path, text }) =>
    [...text.matchAll(/\b([45]\d\d)(?: is|:)? `?([A-Z]+_[A-Z_]*[A-Z])`/g)].map(([, status, code = '']) => ({
      path,
      code,
      status: Number(status),
    })),
  )
  expect(named.length).toBeGreaterThan(30)
  const statuses = new Map<string, number>(Object.entries(ERRORS).map(([code, { status }]) => [code, status]))
  expect(named.filter(({ code, status }) => statuses.get(code) !== status)).toEqual([])
})

test('each metric that a page names is one of docs/METRICS.md', () => {
  const metrics = readFileSync(join(root, 'docs/METRICS.md'), 'utf8')
  const named = NOW.flatMap(({ path, text }) =>
    [...text.matchAll(/\blighthouse_(?!client)[a-z_]*[a-z]\b(?![*(])/g)].map(([name]) => ({ path, name })),
  )
  const known = new Map(named.map(({ name }) => [name, metrics.includes(`\`${name}`)]))
  expect(known.size).toBeGreaterThan(50)
  expect(named.filter(({ name }) => known.get(name) !== true)).toEqual([])
})

test('each message of the log that docs/LOGGING.md quotes is one of the sources', () => {
  const sources = globSync('src/**/*.ts', { cwd: root }).map(path => readFileSync(join(root, path), 'utf8'))
  const quoted = spans.filter(({ path, code }) => path === 'docs/LOGGING.md' && /^[a-z]+(?: [a-z]+)+$/.test(code))
  expect(quoted.length).toBeGreaterThan(3)
  expect(quoted.filter(({ code }) => !sources.some(text => text.includes(code)))).toEqual([])
})

test('each file that a page links to is there', () => {
  const links = NOW.flatMap(({ path, text }) =>
    [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, target = '']) => ({ path, target })),
  ).filter(({ target }) => !/^[a-z]+:/.test(target))
  expect(links.length).toBeGreaterThan(80)
  expect(links.filter(({ path, target }) => !existsSync(join(root, dirname(path), target)))).toEqual([])
})

test('each heading that a page links to is there', () => {
  const headings = new Map(NOW.map(({ path, text }) => [path, anchorsOf(text)]))
  const links = NOW.flatMap(({ path, text }) =>
    [...withoutBlocks(text).matchAll(/\]\(([^)#\s]*)#([^)\s]+)\)/g)].map(([, target = '', anchor = '']) => ({
      path,
      to: target === '' ? path : join(dirname(path), target),
      anchor,
    })),
  ).filter(({ to }) => headings.has(to))
  expect(links.length).toBeGreaterThan(80)
  expect(links.filter(({ to, anchor }) => !headings.get(to)?.has(anchor))).toEqual([])
})

/** What the headings of a page are called in addresses, as GitHub makes it of them. */
function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>()
  for (const [, heading = ''] of withoutBlocks(text).matchAll(/^#+ +(.*)$/gm)) {
    const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const anchor = words.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(/\s/g, '-')
    let again = 0
    while (anchors.has(again === 0 ? anchor : `${anchor}-${again}`)) again++
    anchors.add(again === 0 ? anchor : `${anchor}-${again}`)
  }
  return anchors
}

test('the README says how much each role may ask of a server as it comes', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  for (const [role, { requestsPerMinute }] of Object.entries(defaultQuotas))
    expect(readme).toMatch(new RegExp(`\\b${requestsPerMinute.toLocaleString('en-US')}(?: requests)? as \`${role}\``))
  expect(readme).toContain(`stores ${defaultQuotas.agent.eventsPerMinute.toLocaleString('en-US')} a minute`)
})
