// docs/openapi.json: what the routes and classes say, valid by a linter that is not ours, and helpful throughout.
import { readFileSync } from 'node:fs'
import { Validator } from '@seriousme/openapi-schema-validator'
import { withApplication } from '../support/application.js'
import { openApiText } from './openapi-document.js'

const text = readFileSync('docs/openapi.json', 'utf8')
const document = JSON.parse(text)

interface Operation {
  readonly summary?: string
  readonly description?: string
  readonly responses: Readonly<Record<string, { readonly description?: string }>>
  readonly requestBody?: { readonly content: Readonly<Record<string, object>> }
  readonly parameters?: readonly { readonly name: string; readonly description?: string }[]
}

const operations = Object.entries(document.paths as Record<string, Record<string, Operation>>).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]): [string, Operation] => [
    `${method.toUpperCase()} ${path}`,
    operation,
  ]),
)

test('it is what the routes and classes say; after a change that is meant: npm run openapi', async () => {
  expect(await withApplication(openApiText)).toBe(text)
})

test('it is valid OpenAPI 3.1', async () => {
  const { valid, errors } = await new Validator().validate(document)
  expect(errors ?? []).toEqual([])
  expect([valid, document.openapi]).toEqual([true, '3.1.0'])
})

test.each(operations)('%s says what it does, takes and answers', (_, { summary, description, responses, ...rest }) => {
  expect(summary).toMatch(/^[A-Z]/)
  expect(description).toMatch(/\.$/)
  for (const response of Object.values(responses)) expect(response.description).toMatch(/\.$/)
  for (const parameter of rest.parameters ?? [])
    expect([parameter.name, parameter.description]).toEqual([parameter.name, expect.stringMatching(/./)])
  if (rest.requestBody !== undefined) expect(Object.keys(rest.requestBody.content)).toContain('application/json')
})
