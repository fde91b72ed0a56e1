// The two documents of the API as linters of others read them: Redocly's of OpenAPI, and the parser of the AsyncAPI initiative.
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { withTempDirectory } from '../support/temp-directory.js'
import { type ByDesign, faultsOf, hold, judgeAt, unlessHere } from './judge.js'
import { type Finding, judgedPlaces } from './places.js'

const packages = judgeAt('judges-of-npm') as string
const without = unlessHere('judges-of-npm')
// skip: the linters are not here; the names of the tests say so
const withLinters = without === '' ? test : test.skip

// biome-ignore lint/suspicious/noExplicitAny: a planted defect may stand anywhere in a document.
type Document = any

const read = (file: string): Document => JSON.parse(readFileSync(join('docs', file), 'utf8'))

/** Routes are known by others, so one is not renamed for a linter. */
const AMBIGUOUS: ByDesign = {
  'paths /v1/snapshots/folds/{fold}': {
    got: 'no-ambiguous-paths',
    because: 'ids are hexadecimal, so no snapshot is called folds, and no fold is called state',
  },
}

withLinters(`Redocly finds nothing wrong with the OpenAPI document${without}`, async () => {
  const document = read('openapi.json')
  hold('Redocly', judgedPlaces(document, await redocly(document)), AMBIGUOUS)
})

withLinters(`Redocly finds what is planted in it${without}`, async () => {
  const document = read('openapi.json')
  delete document.paths['/livez'].get.security
  document.paths['/readyz'].get.operationId = document.paths['/health'].get.operationId
  document.paths['/v1/streams/{stream}'].get.parameters = []
  document.components.schemas.Problem.required.push('nowhere')
  const faults = faultsOf(judgedPlaces(document, await redocly(document)), AMBIGUOUS)
  expect(faults.map(fault => fault.split(',')[0]).sort()).toEqual([
    'components schemas Problem: no-required-schema-properties-undefined',
    'paths /health: operation-operationId-unique',
    'paths /livez: security-defined',
    'paths /v1/streams/{stream}: path-parameters-defined',
  ])
})

/** Information and no warning: there is a later version of AsyncAPI. */
const NOT_THE_LATEST: ByDesign = {
  asyncapi: {
    got: 'asyncapi-latest-version',
    because: 'nothing that AsyncAPI 3.1 adds is used here, and a reader of 3.0 need not know it',
  },
}

withLinters(`the AsyncAPI parser finds nothing wrong with the AsyncAPI document${without}`, async () => {
  const document = read('asyncapi.json')
  hold('AsyncAPI parser', judgedPlaces(document, await asyncApiParser(document)), NOT_THE_LATEST)
})

withLinters(`the AsyncAPI parser finds what is planted in it${without}`, async () => {
  const document = read('asyncapi.json')
  const [operation] = Object.keys(document.operations)
  const [channel] = Object.keys(document.channels)
  document.operations[operation as string].action = 'shout'
  document.channels[channel as string].messages.planted = { payload: { type: 'nothing' } }
  const faults = faultsOf(judgedPlaces(document, await asyncApiParser(document)), NOT_THE_LATEST)
  expect(faults.map(fault => fault.split(',')[0])).toEqual([
    'channels stream: asyncapi-document-resolved',
    'operations fromClient: asyncapi-document-resolved',
    'operations fromServer: asyncapi-document-resolved',
  ])
})

/** Whatever it finds, warnings included, by its recommended rules; it is not told to leave anything out. */
function redocly(document: Document): Promise<Finding[]> {
  return withTempDirectory(async folder => {
    const file = join(folder, 'openapi.json')
    writeFileSync(file, JSON.stringify(document))
    const program = join(packages, '@redocly', 'cli', 'bin', 'cli.js')
    const args = [program, 'lint', file, '--extends', 'recommended', '--format', 'json', '--max-problems', '1000']
    const { problems } = JSON.parse(await said(args, folder)) as { problems: readonly Problem[] }
    return problems.map(({ ruleId, location: [first] }) => ({ rule: ruleId, path: keysOf(first?.pointer ?? '') }))
  })
}

interface Problem {
  readonly ruleId: string
  readonly location: readonly { readonly pointer: string }[]
}

function keysOf(pointer: string): string[] {
  const keys = pointer.replace(/^#\//, '').split('/')
  return keys.map(key => decodeURIComponent(key).replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** What it writes, whatever it ends with: that says only whether there were errors. It tells nobody that it was used. */
function said(args: readonly string[], cwd: string): Promise<string> {
  const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }
  return new Promise(told => {
    execFile(process.execPath, args, { cwd, env, maxBuffer: 1e8 }, (_, stdout) => told(stdout))
  })
}

async function asyncApiParser(document: Document): Promise<Finding[]> {
  const { Parser } = createRequire(join(packages, 'x.js'))('@asyncapi/parser') as typeof AsyncApi
  const { diagnostics } = await new Parser().parse(JSON.stringify(document))
  return diagnostics.map(({ code, path }) => ({ rule: String(code), path }))
}

/** As much of it as is used. */
declare namespace AsyncApi {
  class Parser {
    parse(text: string): Promise<{
      readonly diagnostics: readonly { readonly code: string | number; readonly path: readonly (string | number)[] }[]
    }>
  }
}
