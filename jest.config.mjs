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
  // One after the other: some of them measure.
  tools: {
    roots: ['src', 'test', 'client/test', oldClient],
    testMatch: [
      ...['**/*.trial.ts', `<rootDir>/${oldClient}/**/*.spec.ts`],
      ...['src', 'test', 'client/test'].flatMap(gatesUnder).map(path => `<rootDir>/${path}`),
    ],
    maxWorkers: 1,
    testTimeout: 120_000,
  },
}
const { roots, ...suite } = suites[process.env.TEST_SUITE ?? 'all']

export default {
  maxWorkers: 2,
  testTimeout: 30_000,
  ...suite,
  testRunner: '<rootDir>/test/support/node-runner.mjs',
  testEnvironment: '<rootDir>/test/support/watchful-environment.mjs',
  roots: roots.map(folder => `<rootDir>/${folder}`),
  // Node loads them, by scripts/typescript.mjs.
  transform: {},
  moduleFileExtensions: ['ts', 'js', 'mjs', 'json', 'node'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/client/dist', '<rootDir>/data/'],
  reporters: ['default', '<rootDir>/scripts/count-reporter.mjs'],
}
