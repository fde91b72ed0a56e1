// Every example, as it stands in its folder and by plain Node, against a server of its own; and the README names them all.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { RunningServer } from '../../test/support/running-server.js'
import { examples, runExample, sayingOf } from './support/examples.js'

let server: RunningServer

beforeAll(async () => {
  server = await RunningServer.start()
})

afterAll(() => server.stop())

test.each(examples)(
  '%s does what it says',
  async name => {
    const done = await runExample(process.execPath, name, server.url)
    expect(done).toEqual([0, expect.stringMatching(sayingOf(name))])
  },
  60_000,
)

test('the README names every example, and every module it imports is the package', () => {
  const readme = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8')
  expect(examples.filter(name => !readme.includes(`examples/${name}`))).toEqual([])
  const imported = [...readme.matchAll(/from '([^']+)'/g)].map(([, specifier]) => specifier)
  expect(new Set(imported)).toEqual(new Set(['@lighthouse/client']))
})
