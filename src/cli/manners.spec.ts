// The manners of the command line: help where it is asked for, one line for a mistake, and a way on for what cannot be done.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { makeTempDirectory, removeTempDirectory } from '../../test/support/temp-directory.js'
import { openEmbedded } from '../backends/embedded/embedded-store.js'
import { TABLE } from './commands.js'
import { run } from './run.js'

const names = [...Object.keys(TABLE.commands), ...Object.keys(TABLE.families)]
const shown = new Set(names.map(name => name.split(' ')[0]))

async function words(...args: string[]) {
  const out: string[] = []
  const err: string[] = []
  const status = await run(args, { out: text => out.push(text), err: text => err.push(text) })
  return { status, out: out.join('\n'), err: err.join('\n') }
}

test.each([['help'], ['--help'], ['-h']])('%s names every command, each in one line', async asked => {
  const { status, out, err } = await words(asked)
  expect([status, err]).toEqual([0, ''])
  for (const name of shown) expect(out).toMatch(new RegExp(`^ {2}${name}  .*\\S`, 'm'))
  expect(out).toMatch(/Exit codes: 0 clean or done, 1 the answer is no [\s\S]*\n2 not understood, 3 could not/)
  expect(out.split('\n').every(line => line.length <= 100)).toBe(true)
})

test.each(names)('%s: help of it is asked for in three ways, and tells every option', async name => {
  const first = await words('help', ...name.split(' '))
  expect([first.status, first.err]).toEqual([0, ''])
  expect(first.out).toMatch(new RegExp(`^lighthouse ${name}: .+\\n\\nExamples:\\n  # .+\\n  .*lighthouse ${name}\\b`))
  expect(first.out).toMatch(new RegExp(`^Usage: lighthouse ${name}\\b`, 'm'))
  for (const option of Object.keys(TABLE.commands[name]?.options ?? {})) expect(first.out).toContain(`\n  --${option}`)
  expect(first.out.split('\n').every(line => line.length <= 100)).toBe(true)
  expect(await words(...name.split(' '), '--help')).toEqual(first)
  expect(await words(...name.split(' '), 'and', 'more', '-h')).toEqual(first)
})

test.each([['version'], ['--version'], ['-v']])('%s prints the version alone', async asked => {
  expect(await words(asked)).toEqual({ status: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+$/), err: '' })
})

test('without a command the usage is printed, for people to read, and it is a mistake', async () => {
  const { status, out, err } = await words()
  expect([status, out]).toEqual([2, ''])
  expect(err).toMatch(/^Usage: lighthouse <command>[\s\S]*\nlighthouse: a command is missing$/)
})

test.each([
  [['exprot'], 'lighthouse: there is no command "exprot"; did you mean export?', 'lighthouse --help'],
  [['backpu', 'a', 'b'], 'lighthouse: there is no command "backpu"; did you mean backup?', 'lighthouse --help'],
  [['frobnicate'], 'lighthouse: there is no command "frobnicate"', 'lighthouse --help'],
  [['--frobnicate'], 'lighthouse: there is no command "--frobnicate"', 'lighthouse --help'],
  [['constructor'], 'lighthouse: there is no command "constructor"', 'lighthouse --help'],
  [
    ['mode', 'SLEEP'],
    'lighthouse mode: there is no command "mode SLEEP"; its commands are show, emergency, release',
    'lighthouse mode --help',
  ],
  [
    ['append', 'Done', 'tasks', '{}'],
    'lighthouse append: it takes a type and its data, and not also {}; --stream names the stream',
    'lighthouse append --help',
  ],
  [['help', 'exprot'], 'lighthouse: there is no command "exprot"; did you mean export?', 'lighthouse --help'],
  [
    ['verify', 'a', '--livee'],
    'lighthouse verify: there is no option --livee; did you mean --live?',
    'lighthouse verify --help',
  ],
  [['export', '-x'], 'lighthouse export: there is no option -x', 'lighthouse export --help'],
  [['export', '--url'], "lighthouse export: option '--url <URL>' argument missing", 'lighthouse export --help'],
  [['verify'], 'lighthouse verify: <dir> is missing', 'lighthouse verify --help'],
  [['verify', ''], 'lighthouse verify: <dir> is missing', 'lighthouse verify --help'],
  [['restore', 'a'], 'lighthouse restore: <dir> is missing', 'lighthouse restore --help'],
  [
    ['backup', 'a', 'b', 'c', 'd'],
    'lighthouse backup: it takes <dir> <backup>, and not also c d',
    'lighthouse backup --help',
  ],
  [['config', 'a'], 'lighthouse config: it takes nothing, and not also a', 'lighthouse config --help'],
  [
    ['token', '--agnet', 'a'],
    'lighthouse token: there is no option --agnet; did you mean --agent?',
    'lighthouse token --help',
  ],
  [
    ['import', 'a'],
    'lighthouse import: an import goes into a data directory (--into) or into a server (--url)',
    'lighthouse import --help',
  ],
])('a mistake is one line, and where the usage is: %j', async (args, said, see) => {
  expect(await words(...args)).toEqual({ status: 2, out: '', err: `${said}\nSee ${see}` })
})

test('an argument behind -- is no option', async () => {
  const { status, err } = await words('verify', '--', '--help')
  expect([status, err]).toEqual([3, expect.stringContaining('--help')])
})

test('where nobody listens it says so, and nothing of disks', async () => {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await once(server.close(), 'close')
  expect(await words('export', '--url', url, '--token', 't')).toEqual({
    status: 3,
    out: '',
    err: `Nothing answers at ${url} (ECONNREFUSED), which comes from --url.\nNext: start a server with lighthouse dev, or name another: --url URL.`,
  })
  // Every command says it in the same words, and names the options that it has.
  expect((await words('events', '--server', url, '--token', 't')).err).toBe(
    `Nothing answers at ${url} (ECONNREFUSED), which comes from --server.\nNext: start a server with lighthouse dev, or name another: --server URL, or lighthouse context use NAME.`,
  )
})

test('what answers otherwise than Lighthouse is told apart from a server that refuses', async () => {
  const server = createServer((_, answer) => void answer.writeHead(404).end('<h1>Not Found</h1>'))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    expect(await words('export', '--url', url, '--token', 't')).toEqual({
      status: 3,
      out: '',
      err: `${url} answers 404, and not as Lighthouse does. Is it the address of a server?`,
    })
    expect(await words('whoami', '--server', url, '--token', 't')).toEqual({
      status: 3,
      out: '',
      err: `${url} answers 404, and not as Lighthouse does. Is it the address of a server?`,
    })
  } finally {
    server.close()
  }
})

test('beside a running server every command says how to go on without stopping it', async () => {
  const root = makeTempDirectory()
  const directory = join(root, 'data')
  const store = await openEmbedded({ directory, nodeId: 'n' })
  try {
    await store.append({ events: [{ type: 'Told', stream: 's', data: {} }], author: { agentId: 'a' } })
    const next = async (...args: string[]) => {
      const { status, err } = await words(...args)
      expect([status, err]).toEqual([3, expect.stringContaining('Another process owns the data directory')])
      return err.split('\n').at(-1)
    }
    expect(await next('verify', directory)).toBe(`Next: Look while it runs: lighthouse verify ${directory} --live`)
    expect(await next('export', directory)).toBe(
      'Next: Ask the server instead, which goes on running: lighthouse export --url URL',
    )
  } finally {
    await store.close()
    removeTempDirectory(root)
  }
})

test('a reader that has gone ends a command without a word', async () => {
  const gone = async () => {
    throw Object.assign(new Error('write EPIPE'), { code: 'EPIPE', syscall: 'write' })
  }
  const err: string[] = []
  expect(await run(['help'], { out: gone, err: text => err.push(text) })).toBe(3)
  expect(err).toEqual([])
})
