// How the tests run: ESM through Node's own module loader, TypeScript turned into JavaScript by swc, nothing else.
import { swcOptions } from './scripts/swc.mjs'

const unitOnly = process.env.UNIT_TESTS_ONLY === '1'

export default {
  testEnvironment: '<rootDir>/test/support/watchful-environment.mjs',
  roots: (unitOnly ? ['src', 'test/house', 'client/src'] : ['src', 'test', 'client']).map(
    folder => `<rootDir>/${folder}`,
  ),
  testMatch: ['**/*.spec.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { ...swcOptions, sourceMaps: 'inline' }] },
  // Sources name what they import as it will be called in dist; here the file beside them is still TypeScript.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  moduleFileExtensions: ['ts', 'js', 'mjs', 'json', 'node'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/client/dist', '<rootDir>/data/'],
  maxWorkers: 2,
  testTimeout: 30_000,
  reporters: ['default', '<rootDir>/scripts/count-reporter.mjs'],
}
