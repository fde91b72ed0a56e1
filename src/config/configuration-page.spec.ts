// docs/CONFIGURATION.md against the settings themselves: it is made from them, and must say what they say now.
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import {
  configurationTable,
  modeThresholdsTable,
  quotasTable,
  serviceLevelsTable,
  workLimitsTable,
} from './configuration-page.js'
import { environments } from './settings.js'

const yaml = (name: string) => (parse(readFileSync(`config/${name}.yaml`, 'utf8')) ?? {}) as Record<string, unknown>

test.each([
  [
    'of settings',
    () => configurationTable(yaml('default'), Object.fromEntries(environments.map(name => [name, yaml(name)]))),
  ],
  ['of quotas', quotasTable],
  ['of what an agent may hold', workLimitsTable],
  ['of where the mode changes', modeThresholdsTable],
  ['of objectives', serviceLevelsTable],
])('the table %s is the one in docs/CONFIGURATION.md', (_, table) => {
  const page = readFileSync('docs/CONFIGURATION.md', 'utf8')
  // A page that has fallen behind is corrected by putting in its place what this comparison shows.
  expect(page.split('\n\n')).toContain(table())
})
