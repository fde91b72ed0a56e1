// docs/asyncapi.json: what the classes of the frames say, valid by a schema that is not ours, and the same frames as docs/FRAMES.md tells.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { Ajv } from 'ajv'
import { withApplication } from '../support/application.js'
import { asyncApiText } from './asyncapi-document.js'

const schema = JSON.parse(readFileSync('node_modules/@asyncapi/specs/schemas/3.0.0-without-$id.json', 'utf8'))
const text = readFileSync('docs/asyncapi.json', 'utf8')
const document = JSON.parse(text)
const pages = readFileSync('docs/FRAMES.md', 'utf8')

/** Frames named in a table of FRAMES.md, those of lines alone left out. */
function framesBelow(heading: string): string[] {
  const section = pages.slice(pages.indexOf(`## ${heading}`)).split('\n## ')[0] as string
  const rows = [...section.matchAll(/^\| `(\w+)` \|(.*)$/gm)]
  return rows.flatMap(([, type, rest]) => (rest?.includes('NDJSON only') ? [] : [type as string])).sort()
}

function framesOf(operation: string): string[] {
  return document.operations[operation].messages.map(({ $ref }: { $ref: string }) => $ref.split('/').at(-1)).sort()
}

describe('the AsyncAPI document', () => {
  test('is what the classes of the frames say; after a change that is meant: npm run asyncapi', async () => {
    expect(await withApplication(asyncApiText)).toBe(text)
  })

  test('is valid AsyncAPI 3', () => {
    const valid = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(schema)
    expect([valid(document), valid.errors]).toEqual([true, null])
  })

  test.each([
    ['From the client', 'fromClient'],
    ['From the server', 'fromServer'],
  ])('has the frames that docs/FRAMES.md lists «%s»', (heading, operation) => {
    expect(framesOf(operation)).toEqual(framesBelow(heading))
  })

  test('describes every field of every frame', () => {
    for (const [name, { properties }] of Object.entries<{ properties?: Record<string, object> }>(
      document.components.schemas,
    )) {
      for (const [field, described] of Object.entries(properties ?? {})) {
        expect([name, field, described]).toEqual([
          name,
          field,
          expect.objectContaining({ description: expect.any(String) }),
        ])
      }
    }
  })
})
