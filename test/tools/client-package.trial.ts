// What npm packs of the client, judged as the registries' readers judge it: attw, publint, and the compiler in every mode it claims.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { makeTempDirectory, removeTempDirectory } from '../support/temp-directory.js'
import { clientTool, installClient, packClient } from './packed-client.js'

const root = join(import.meta.dirname, '..', '..')
const attw = clientTool('attw')
const publint = clientTool('publint')
const without =
  attw === undefined || publint === undefined ? ' (skipped: attw and publint are not here; npm run tools)' : ''
// skip: attw and publint are not here; the names of the tests say so
const withTools = without === '' ? test : test.skip

let place: string
let tarball: string
let stranger: string

beforeAll(async () => {
  place = await makeTempDirectory()
  tarball = packClient(place)
  stranger = join(place, 'stranger')
  mkdirSync(stranger)
  installClient(tarball, stranger)
})

afterAll(() => removeTempDirectory(place))

function run(program: string, args: readonly string[], cwd = stranger) {
  // Colour would stand amid the words; FORCE_COLOR, which some build servers set, outdoes NO_COLOR, so it is taken out.
  const { FORCE_COLOR: _, ...env } = process.env
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8', env: { ...env, NO_COLOR: '1' } })
  return { status, said: stdout + stderr }
}

/**
 * The package is ESM alone. So two of the modes that attw knows are not claimed: `node10`, which does not know `exports`
 * and which TypeScript 6 deprecates, and a `require` as the TypeScript of attw sees it, older than `require` of ESM. That
 * one works on every Node the package promises, and the compiler of today allows it: the next tests show both.
 */
const PROFILE = 'esm-only'

withTools(`attw finds nothing wrong with it${without}`, () => {
  const { status, said } = run(attw as string, [tarball, '--profile', PROFILE, '--format', 'json'])
  const { analysis, problems } = JSON.parse(said) as {
    readonly analysis: { readonly entrypoints: object }
    readonly problems?: Readonly<Record<string, unknown>>
  }
  const { exports } = JSON.parse(readFileSync(join(root, 'client', 'package.json'), 'utf8')) as { exports: object }
  expect(Object.keys(analysis.entrypoints)).toEqual(Object.keys(exports))
  expect([status, Object.keys(problems ?? {}).filter(kind => !NOT_CLAIMED.has(kind))]).toEqual([0, []])
})

/** What is found of the two modes above is still listed, though it does not count. */
const NOT_CLAIMED: ReadonlySet<string> = new Set(['NoResolution', 'CJSResolvesToESM'])

withTools(`publint has nothing to say, no suggestion either${without}`, () => {
  expect(run(publint as string, [tarball, '--strict', '--level', 'suggestion'])).toEqual({
    status: 0,
    said: expect.stringMatching(/All good!\s*$/),
  })
})

const USE = `
  const lighthouse = new Lighthouse({ url: 'http://127.0.0.1', token: 't' })
  export async function used(): Promise<number> {
    for await (const event of lighthouse.read<{ type: 'T'; data: { n: number } }>()) return event.data.n
    const { state } = await lighthouse.state<{ n: number }>('s')
    return state.n + [...new EventDataGenerator({ seed: 1 }).agentSession('operator', { seconds: 60 })].length
  }`
const IMPORTED = `import { Lighthouse } from '@lighthouse/client'
  import { EventDataGenerator } from '@lighthouse/client/testing'`
const REQUIRED = `import client = require('@lighthouse/client')
  import testing = require('@lighthouse/client/testing')
  const { Lighthouse } = client
  const { EventDataGenerator } = testing`

const modes = [
  ['module.mts', { module: 'node20', types: ['node'] }, IMPORTED],
  ['required.cts', { module: 'node20', types: ['node'] }, REQUIRED],
  ['module.mts', { module: 'nodenext', types: ['node'] }, IMPORTED],
  ['page.ts', { module: 'esnext', moduleResolution: 'bundler', lib: ['ES2022', 'DOM'], types: [] }, IMPORTED],
] as const

test.each(modes)('its types hold in %s of a strict project with %j', (file, options, imports) => {
  writeFileSync(join(stranger, file), imports + USE)
  const compilerOptions = {
    ...{ target: 'ES2022', lib: ['ES2022'], noEmit: true, typeRoots: [join(root, 'node_modules', '@types')] },
    ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: false },
    ...options,
  }
  writeFileSync(join(stranger, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [file] }))
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  expect(run(process.execPath, [tsc, '-p', stranger])).toEqual({ status: 0, said: '' })
})

test('it can be required, too', () => {
  const code = `const { Lighthouse } = require('@lighthouse/client')
    console.log(typeof Lighthouse, typeof require('@lighthouse/client/testing').EventDataGenerator)`
  const { status, said } = run(process.execPath, ['--no-warnings', '--input-type=commonjs', '--eval', code])
  expect([status, said]).toEqual([0, 'function function\n'])
})

test('projections, causation, snapshots and exports are in it', () => {
  const code = `import { Lighthouse } from '@lighthouse/client'
    const lighthouse = new Lighthouse({ url: 'http://127.0.0.1', token: 't' })
    const wanted = ['projection', 'projections', 'causes', 'effects', 'correlation', 'export']
    console.log(wanted.filter(name => typeof lighthouse[name] !== 'function'), typeof lighthouse.snapshots)`
  const { status, said } = run(process.execPath, ['--input-type=module', '--eval', code])
  expect([status, said]).toEqual([0, '[] object\n'])
})
