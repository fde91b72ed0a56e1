// How the tests run: Jest finds the files, hands them to its workers and reports; Node loads them (test/support/node-runner.mjs).
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const specs = ['**/*.spec.ts']
/** Specs that try more when more time is given: test/support/effort.ts says how much. */
function gatesUnder(folder) {
  return readdirSync(join(import.meta.dirname, folder), { recursive: true })
    .map(path => join(folder, path))
    .filter(
      path => path.endsWith('.spec.ts') && readFileSync(join(import.meta.dirname, path), 'utf8').includes('/effort.js'),
    )
}

const oldClient = 'dist-old-client/client'

const suites = {
  all: { roots: ['src', 'test', 'client'], testMatch: specs },
  unit: { roots: ['src', 'test/house', 'client/src'], testMatch: specs },
}

/** Trials that measure, hold a limit of time, or build what others run meanwhile. */
const ALONE = '{acceptance,bench,cli,degradation,image,tools}/**/*.trial.ts'

/** What `npm run test:tools` runs: the gates at length and most trials side by side, as in `npm test`; then the others one after the other. */
const tools = [
  { roots: ['src', 'test', 'client/test'], testMatch: ['src', 'test', 'client/test'].flatMap(gatesUnder) },
  { roots: [oldClient], testMatch: specs },
  { roots: ['test', 'client/test'], testMatch: ['**/*.trial.ts', `!**/${ALONE}`, '!**/client/test/node-20.trial.ts'] },
  {
    roots: ['test', 'client/test'],
    testMatch: [`**/${ALONE}`, '**/client/test/node-20.trial.ts'],
    runner: '<rootDir>/test/support/serial-runner.mjs',
  },
]

/** `testMatch` holds patterns, or paths below the root of the project. */
function project({ roots, testMatch, ...options }) {
  return {
    ...options,
    testTimeout,
    roots: roots.map(folder => `<rootDir>/${folder}`),
    testMatch: testMatch.map(path => (/^!?\*\*/.test(path) ? path : `<rootDir>/${path}`)),
    testRunner: '<rootDir>/test/support/node-runner.mjs',
    testEnvironment: '<rootDir>/test/support/watchful-environment.mjs',
    // Node loads them, by scripts/typescript.mjs.
    transform: {},
    moduleFileExtensions: ['ts', 'js', 'mjs', 'json', 'node'],
    modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/client/dist', '<rootDir>/data/'],
  }
}

const suite = process.env.TEST_SUITE ?? 'all'
const testTimeout = suite === 'tools' ? 120_000 : 30_000

export default {
  maxWorkers: 2,
  testTimeout,
  ...(suite === 'tools' ? { projects: tools.map(project) } : project(suites[suite])),
  reporters: ['default', '<rootDir>/scripts/count-reporter.mjs'],
}
