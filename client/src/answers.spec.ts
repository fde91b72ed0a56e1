// The types of answers repeat what the API document says: the same fields, and optional where they may be left out.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import ts from 'typescript'

const { schemas } = JSON.parse(readFileSync('docs/openapi.json', 'utf8')).components as {
  readonly schemas: Readonly<Record<string, { properties: object; required?: readonly string[] } | undefined>>
}

/** Of each interface its own fields, those that may be left out with a question mark. */
const fieldsOf = new Map<string, readonly string[]>()
for (const name of readdirSync(import.meta.dirname).filter(name => /^[a-z-]+\.ts$/.test(name))) {
  const text = readFileSync(join(import.meta.dirname, name), 'utf8')
  for (const statement of ts.createSourceFile(name, text, ts.ScriptTarget.ES2022).statements) {
    if (!ts.isInterfaceDeclaration(statement)) continue
    const fields = statement.members.filter(ts.isPropertySignature)
    const shown = fields.map(({ name, questionToken }) => `${(name as ts.Identifier).text}${questionToken ? '?' : ''}`)
    fieldsOf.set(statement.name.text, shown.sort())
  }
}

test.each([
  ['Graph', 'GraphAnswer'],
  ['GraphEvent', 'GraphEvent'],
  ['GraphLink', 'GraphLink'],
  ['GroupProgress', 'GroupProgressAnswer'],
  ['KeptFold', 'KeptFoldAnswer'],
  ['KeyState', 'KeyStateAnswer'],
  ['ParkedEvent', 'ParkedEventAnswer'],
  ['ProjectionDefinition', 'Projection'],
  ['ProjectionSummary', 'ProjectionSummary'],
  ['QueryPlan', 'QueryPlan'],
  ['Snapshot', 'SnapshotAnswer'],
  ['SnapshotState', 'SnapshotStateAnswer'],
  ['SnapshotVerdict', 'VerifiedAnswer'],
  ['StreamHead', 'StreamHead'],
  ['StreamInfo', 'StreamAnswer'],
  ['Ticket', 'TicketAnswer'],
  ['WhoAmI', 'WhoAmIAnswer'],
])('%s has the fields of %s', (type, schema) => {
  const { properties = {}, required = [] } = schemas[schema] ?? {}
  const told = Object.keys(properties).map(name => (required.includes(name) ? name : `${name}?`))
  expect(fieldsOf.get(type)).toEqual(told.sort())
})
