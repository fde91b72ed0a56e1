// docs/SECURITY.md says of every surface what it could tell and why it does not: no route and no frame is missing, none is made up, and each row has a test.
import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'

const page = readFileSync('docs/SECURITY.md', 'utf8')
const openApi = JSON.parse(readFileSync('docs/openapi.json', 'utf8')) as { paths: Record<string, object> }
const asyncApi = JSON.parse(readFileSync('docs/asyncapi.json', 'utf8')) as { components: { messages: object } }

const METHODS = ['get', 'post', 'put', 'patch', 'delete']
const routes = Object.entries(openApi.paths).flatMap(([path, item]) =>
  METHODS.filter(method => method in item).map(method => `${method.toUpperCase()} ${path}`),
)
const surfaces = [...routes, 'GET /v1/stream', ...Object.keys(asyncApi.components.messages)]
/** Of all surfaces at once. */
const EVERYWHERE = ['every error', 'every answer', 'time']

const section = page.split('\n## ').find(part => part.startsWith('What each surface could tell')) ?? ''
const rows = section
  .split('\n')
  .filter(line => line.startsWith('| '))
  .slice(2)
  .map(line => line.split('|').map(cell => cell.trim()))
  .map(([, surface = '', tells = '', why = '', held = '', ...rest]) => ({ surface, tells, why, held, rest }))

const named = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name as string)

test('every route and every frame is in a row, and there are no others', () => {
  expect([...new Set(rows.flatMap(({ surface }) => named(surface)))].sort()).toEqual([...new Set(surfaces)].sort())
})

test.each(rows)('$surface', ({ surface, tells, why, held, rest }) => {
  expect([surface, named(surface).length > 0 || EVERYWHERE.includes(surface)]).toEqual([surface, true])
  expect(rest).toEqual([''])
  for (const cell of [tells, why]) expect(cell).not.toBe('')
  const isNotHeld = why.startsWith('not held')
  const checks = [...held.matchAll(/`([^`]+)` «([^»]+)»/g)]
  expect(checks.length > 0).toBe(!isNotHeld)
  for (const [, file = '', title = ''] of checks) {
    expect([file, existsSync(file)]).toEqual([file, true])
    expect([file, title, readFileSync(file, 'utf8').includes(title)]).toEqual([file, title, true])
  }
})
