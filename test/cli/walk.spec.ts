// Every command as its help's examples say, in this process against the built server; what it prints is kept in golden/.
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { openEmbedded } from '../../src/backends/embedded/embedded-store.js'
import { TABLE } from '../../src/cli/commands.js'
import { run } from '../../src/cli/run.js'
import { RunningServer, TEST_SECRET, tokenOf } from '../support/running-server.js'
import { makeTempDirectory, removeTempDirectory } from '../support/temp-directory.js'
import { golden, steady, typed } from './shell.js'
import { ELSEWHERE, MISTAKES, STORY, type Step } from './story.js'

const folder = makeTempDirectory()
const place = (name: string) => join(folder, name)
let server: RunningServer

beforeAll(async () => {
  server = await RunningServer.start()
  Object.assign(process.env, {
    LIGHTHOUSE_ENV: 'test',
    LIGHTHOUSE_JWT_SECRET: TEST_SECRET,
    LIGHTHOUSE_DATA_DIR: place('data'),
    LIGHTHOUSE_PORT: '0',
    LIGHTHOUSE_URL: server.url,
    LIGHTHOUSE_TOKEN: await tokenOf({ sub: 'operator', role: 'admin' }),
    XDG_CONFIG_HOME: place('config'),
  })
  const line = (type: string, data: object) => JSON.stringify({ stream: 'agent_builder-1/tasks', type, data })
  writeFileSync(place('events.ndjson'), [line('TaskAsked', { task: 1 }), line('A', {}), ''].join('\n'))
  const filter = { types: ['Task*'] }
  const on = { TaskDone: [{ op: 'increment', path: '/done' }] }
  writeFileSync(place('tasks.json'), JSON.stringify({ description: 'How many are done.', filter, on }))
  const store = await openEmbedded({ directory: place('data'), nodeId: 'n', allowUnsafeFilesystem: true })
  const events = ['One', 'Two'].map(type => ({ type, stream: 'agent_copied', data: {} }))
  await store.append({ events, author: { agentId: 'copied' } })
  await store.close()
})

afterAll(async () => {
  await server.stop()
  removeTempDirectory(folder)
})

const FILES = /^(\.\/(data|backup|copy)|(events|more|ids|tasks)\.ndjson|tasks\.json|seen\.position)$/

function standsFor(word: string): string {
  if (word === 'http://127.0.0.1:8765') return server.url
  return FILES.test(word) ? place(word) : word
}

async function taken({ line, meanwhile, keeps }: Step) {
  let left = line.includes('--after start') ? 1 : (meanwhile ?? 0)
  const heard = (_: string, press: () => void) => --left === 0 && press()
  const working = typed(line, { standsFor, ...(meanwhile === undefined ? {} : { heard }) })
  if (meanwhile !== undefined) await storedUntilOver(working)
  const ended = await working
  if (keeps !== undefined) process.env[keeps[0]] = keeps[1].exec(ended.out)?.[0] ?? ''
  return ended
}

/** A follow says nothing until something comes, so something does until it has been heard. */
async function storedUntilOver(working: Promise<unknown>): Promise<void> {
  let over = false
  const watched = working.finally(() => {
    over = true
  })
  const quiet = { out: () => undefined, err: () => undefined }
  while (!over) await run(['append', 'TaskTold', '--stream', 'agent_builder-1/told'], quiet)
  await watched
}

test('the story has every example of every command', () => {
  const told = new Set([...STORY.map(({ line }) => line), ...ELSEWHERE])
  const examples = Object.values(TABLE.commands).flatMap(command => command.examples.map(([line]) => line))
  expect(examples.filter(line => !told.has(line))).toEqual([])
})

test('every command that prints has JSON: as an option, or as all that it prints', () => {
  const without = Object.entries(TABLE.commands).filter(([, { options }]) => !Object.hasOwn(options, 'json'))
  // Servers, lines that are JSON already, and text that is made for a shell or for eyes.
  expect(without.map(([name]) => name)).toEqual(['replay', 'export', 'dev', 'serve', 'start', 'completion', 'help'])
})

test('what is wrong is said in a line, and how to go on in the next', async () => {
  const said: string[] = []
  for (const line of MISTAKES) {
    const { LIGHTHOUSE_TOKEN: token = '' } = process.env
    // A token is kept for one server, so another one is asked without it.
    if (line.includes('lighthouse.example')) delete process.env['LIGHTHOUSE_TOKEN']
    const { out, err, code } = await typed(line, { standsFor })
    process.env['LIGHTHOUSE_TOKEN'] = token
    expect([line, [1, 2, 3].includes(code), err + out === '']).toEqual([line, true, false])
    const shown = line === 'lighthouse' ? `… ${err.split('\n').at(-1)}` : `${out}${err}`
    said.push(steady(`$ ${line}\n${shown}\n= ${code}\n`, { [folder]: 'FOLDER' }))
  }
  const { kept, now } = golden('mistakes.txt', said.join('\n'))
  expect(now).toBe(kept)
})

test('every example does what it says, and ends as it should', async () => {
  const said: string[] = []
  for (const step of STORY) {
    if (step.line.startsWith('lighthouse restore')) rmSync(place('data'), { recursive: true })
    const { out, err, code } = await taken(step)
    const meant = step.busy && code === 1 ? 1 : (step.code ?? 0)
    expect([step.line, code, code === meant ? '' : err]).toEqual([step.line, meant, ''])
    const names = { [folder]: 'FOLDER', [process.env['SNAPSHOT'] ?? folder]: 'SNAPSHOT' }
    // What the demo tells depends on how fast it was; its specs hold what comes of it.
    const told = err === '' || step.line.startsWith('lighthouse demo') ? '' : `! ${err}\n`
    said.push(steady(`$ ${step.line}\n${shortened(step, out)}\n${told}`, names))
  }
  const { kept, now } = golden('walk.txt', said.join('\n'))
  expect(now).toBe(kept)
})

/** What others hold: the whole table of settings, what depends on the machine, and how often something was stored. */
function shortened({ line, meanwhile, busy }: Step, out: string): string {
  if (busy) return '…'
  const first = out.split('\n')[0] ?? ''
  if (meanwhile !== undefined) return first.replaceAll(/^\d+ /g, 'N ')
  if (/ (config|doctor|help|whoami|check|export|verify|backup|restore|(?<!groups )replay|demo)\b/.test(line))
    return `${first} …`
  return out
}
