// How the tests run: ESM through Node's own module loader, TypeScript turned into JavaScript by swc, nothing else.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { swcOptions } from './scripts/swc.mjs'

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
  testEnvironment: '<rootDir>/test/support/watchful-environment.mjs',
  roots: roots.map(folder => `<rootDir>/${folder}`),
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { ...swcOptions, sourceMaps: 'inline' }] },
  // Sources name what they import as it will be called in dist; here the file beside them is still TypeScript.
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^#client$': '<rootDir>/client/src/node/lighthouse.ts',
    '^#client/demo$': '<rootDir>/client/src/testing/demo.ts',
  },
  moduleFileExtensions: ['ts', 'js', 'mjs', 'json', 'node'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/client/dist', '<rootDir>/data/'],
  reporters: ['default', '<rootDir>/scripts/count-reporter.mjs'],
}
