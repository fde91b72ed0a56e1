// docs/ALERTING.md against the code: causes, severities, figures.
import { readFileSync } from 'node:fs'
import { alertingTable, DEFAULT_ALERTING } from '../config/alerting-settings.js'
import { CAUSES, type Cause } from '../signals/signals.js'
import { CHANNELS_OF, delayMs, FOLLOWERS, ROUTES, raiseMs, SEVERITIES } from './route.js'

const page = readFileSync('docs/ALERTING.md', 'utf8')

const minutes = { '–': Number.POSITIVE_INFINITY, never: Number.POSITIVE_INFINITY, 'after an hour': 60 } as const
const raised = { 'to P1 after an hour': 60, 'to P2 after four hours': 240, ...minutes }
const told = { 'at once': 0, 'after 15 minutes': 15, 'in the digest of the day': Number.POSITIVE_INFINITY, ...minutes }

function causesTable(): string {
  const rows = (Object.keys(CAUSES) as Cause[]).map(cause => {
    const { title, warning, critical } = ROUTES[cause]
    const followers = (FOLLOWERS[cause] ?? []).map(one => `\`${one}\``).join(', ')
    return `| \`${cause}\` | ${title} | ${warning} | ${critical} | ${followers === '' ? '–' : followers} |`
  })
  const heads = ['| cause | what it says | warning | critical | suppresses |', '| --- | --- | --- | --- | --- |']
  return [...heads, ...rows].join('\n')
}

test.each([
  ['of causes', causesTable],
  ['of figures', alertingTable],
])('the table %s is the one in docs/ALERTING.md', (_, table) => {
  expect(page.split('\n\n').map(part => part.trimEnd())).toContain(table())
})

test.each(SEVERITIES)('%s is told and raised as docs/ALERTING.md says', severity => {
  const row = page.split('\n').find(line => line.startsWith(`| ${severity} |`)) ?? ''
  const [, , when = '', by = '', raise = ''] = row.split('|').map(cell => cell.trim())
  expect(told[when as keyof typeof told] * 60_000).toBe(delayMs(severity, DEFAULT_ALERTING))
  expect(raised[raise as keyof typeof raised] * 60_000).toBe(raiseMs(severity, DEFAULT_ALERTING))
  const channels = severity === 'P4' ? [] : by.split(', ').map(name => name.toLowerCase())
  expect(CHANNELS_OF[severity]).toEqual(channels)
})
