// docs/openapi.json: what the routes and classes say, valid by a linter that is not ours, and helpful throughout.
import { readFileSync } from 'node:fs'
import { Validator } from '@seriousme/openapi-schema-validator'
import { withApplication } from '../support/application.js'
import { openApiText } from './openapi-document.js'
import { type Answer, buttonsOf, readDocument } from './page.js'
import { SECTIONS } from './sections.js'

const document = readDocument()
const buttons = buttonsOf(document)
const operations = buttons.map(({ method, path, operation }) => [`${method.toUpperCase()} ${path}`, operation] as const)

test('it is what the routes and classes say; after a change that is meant: npm run openapi', async () => {
  expect(await withApplication(openApiText)).toBe(readFileSync('docs/openapi.json', 'utf8'))
})

test('it is valid OpenAPI 3.1', async () => {
  const { valid, errors } = await new Validator().validate(JSON.parse(JSON.stringify(document)))
  expect(errors ?? []).toEqual([])
  expect([valid, document.openapi]).toEqual([true, '3.1.0'])
})

test.each(operations)('%s says what it does, takes and answers', (_, { summary, description, responses, ...rest }) => {
  expect(summary).toMatch(/^[A-Z]/)
  expect(description).toMatch(/\.$/)
  for (const response of Object.values(responses)) expect(answerOf(response).description).toMatch(/\.$/)
  for (const parameter of rest.parameters ?? [])
    expect([parameter.name, parameter.description]).toEqual([parameter.name, expect.stringMatching(/./)])
  if (rest.requestBody !== undefined) expect(Object.keys(rest.requestBody.content)).toContain('application/json')
})

function answerOf(response: Answer): Answer {
  const name = response.$ref?.slice('#/components/responses/'.length)
  return name === undefined ? response : (document.components.responses[name] as Answer)
}

const VERBS =
  /^(?:whoAmI|(ack|append|check|create|define|delete|discard|export|follow|force|keep|list|nack|protect|query|read|release|replay|restore|revoke|take|unprotect|verify|wait)[A-Z][A-Za-z]+)$/

test('generated clients get a function of its own for every operation, a verb and its noun; its route names it', () => {
  const ids = operations.map(([, { operationId }]) => operationId)
  expect(ids.filter(id => !VERBS.test(id))).toEqual([])
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([])
})

test('every operation stands once in test/openapi/sections.ts, and nothing else does', () => {
  const placed = SECTIONS.flatMap(section => Object.keys(section.operations))
  expect(placed.toSorted()).toEqual(operations.map(([, { operationId }]) => operationId).toSorted())
  expect(document.tags).toEqual(SECTIONS.map(({ tag, description }) => ({ name: tag, description })))
})

test.each(operations)('%s begins with what it needs filled in, and with nothing else', (_, operation) => {
  const { parameters = [], requestBody } = operation
  const filledIn = parameters.filter(({ example, schema }) => example !== undefined || schema.example !== undefined)
  const section = SECTIONS.find(({ tag }) => tag === operation.tags?.[0])
  const meant = Object.keys(section?.operations[operation.operationId]?.query ?? {})
  const needed = parameters.filter(({ name, required }) => required || meant.includes(name))
  expect(filledIn.map(({ name }) => name)).toEqual(needed.map(({ name }) => name))
  if (requestBody !== undefined) expect(requestBody.content['application/json']).toHaveProperty('example')
})

test('every error is a shared answer', () => {
  const alone = operations.flatMap(([route, { responses }]) =>
    Object.entries(responses)
      .filter(([status]) => Number(status) >= 400)
      .filter(([, { $ref, content }]) => $ref === undefined && content !== undefined)
      .map(([status]) => `${route} ${status}`),
  )
  expect(alone).toEqual([])
})

test('a link names an operation that comes later', () => {
  const ids = operations.map(([, { operationId }]) => operationId)
  const wrong = operations.flatMap(([, { operationId, responses }]) =>
    Object.values(responses)
      .flatMap(({ links = {} }) => Object.values(links))
      .filter(link => ids.indexOf(link.operationId) <= ids.indexOf(operationId))
      .map(link => `${operationId} → ${link.operationId}`),
  )
  expect(wrong).toEqual([])
})

test('schemas are named after what they are, not after what the code does with them', () => {
  expect(Object.keys(document.components.schemas).filter(name => /(Dto|Body)$/.test(name))).toEqual([])
})
