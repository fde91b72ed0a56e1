// docs/CONFIGURATION.md against the settings themselves: every variable, every default, every environment.
import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { environments, settingTable } from './settings.js'

const page = readFileSync('docs/CONFIGURATION.md', 'utf8')
const rows = page
  .split('\n')
  .filter(line => line.startsWith('| `'))
  .map(line => line.split('|').map(cell => cell.trim().replaceAll('`', '')))

function yamlOf(name: string): Record<string, unknown> {
  return parse(readFileSync(`config/${name}.yaml`, 'utf8')) ?? {}
}

test('every setting has a row, and every row a setting', () => {
  expect(rows.map(cells => cells[1])).toEqual(Object.values(settingTable).map(setting => setting.variable))
})

test.each(Object.entries(settingTable))('the row of %s says what the files say', (key, { variable }) => {
  const [, , yamlKey, fallback, ...overlays] = rows.find(cells => cells[1] === variable) as string[]
  if (key === 'env') {
    expect([yamlKey, fallback]).toEqual(['–', 'development'])
    return
  }
  expect([yamlKey, fallback]).toEqual([key, String(yamlOf('default')[key])])
  const told = environments.map((_, at) => overlays[at])
  expect(told).toEqual(environments.map(name => (key in yamlOf(name) ? String(yamlOf(name)[key]) : '')))
})
