// What each channel is sent: held to the reference of PagerDuty, to the types of Slack, and to the signature of webhooks.
import { createHmac } from 'node:crypto'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { Alert } from './alert-state.js'
import { alertNotice, digestNotice } from './notice.js'
import { pagerduty, pagerdutyEvent } from './pagerduty.js'
import { slack, slackMessage } from './slack.js'
import { webhook } from './webhook.js'

const ORIGIN = { nodeId: 'n1', runbookUrl: 'https://runbooks.example/', dashboardUrl: 'https://grafana.example/d/1' }
const ALERT: Alert = {
  cause: 'disk_full',
  level: 'critical',
  severity: 'P1',
  detail: 'the disk <data> is full',
  metrics: { free_bytes: 0 },
  openedMs: Date.parse('2026-01-31T12:00:00Z'),
  sinceMs: Date.parse('2026-01-31T12:00:00Z'),
  told: {},
}
const opened = alertNotice('opened', ALERT, { followers: ['write_errors'] }, ORIGIN)
const told = { notice: 'opened', severity: 'P1', ref: 'C1/17.5' } as const
const ended = { ...ALERT, endedMs: ALERT.openedMs + 60_000 }
const resolved = alertNotice('resolved', ended, { followers: [], told }, ORIGIN)

/** The request of `/v2/enqueue` as the reference of the Events API v2 describes it. */
const text = (maxLength: number) => ({ type: 'string', minLength: 1, maxLength })
const ENQUEUE = {
  type: 'object',
  required: ['routing_key', 'event_action'],
  properties: {
    routing_key: { type: 'string', minLength: 32, maxLength: 32 },
    event_action: { enum: ['trigger', 'acknowledge', 'resolve'] },
    dedup_key: text(255),
    client: { type: 'string' },
    client_url: { type: 'string' },
    links: {
      type: 'array',
      items: {
        type: 'object',
        required: ['href'],
        properties: { href: { type: 'string', pattern: '^https?://' }, text: { type: 'string' } },
        additionalProperties: false,
      },
    },
    images: { type: 'array' },
    payload: {
      type: 'object',
      required: ['summary', 'source', 'severity'],
      properties: {
        summary: text(1_024),
        source: text(255),
        severity: { enum: ['critical', 'error', 'warning', 'info'] },
        timestamp: {
          type: 'string',
          pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?(Z|[+-]\\d\\d:?\\d\\d)$',
        },
        component: { type: 'string' },
        group: { type: 'string' },
        class: { type: 'string' },
        custom_details: { type: 'object' },
      },
      additionalProperties: false,
    },
  },
  additionalProperties: false,
  if: { properties: { event_action: { const: 'trigger' } } },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: { required: ['payload'] },
  else: { required: ['dedup_key'] },
}

test('PagerDuty gets events of its reference, of one incident under one key', () => {
  const fits = new Ajv2020({ strict: false }).compile(ENQUEUE)
  const key = 'k'.repeat(32)
  const test = alertNotice('test', ALERT, { followers: [] }, ORIGIN)
  for (const notice of [opened, resolved, test]) {
    expect([fits(pagerdutyEvent(notice, key)), fits.errors]).toEqual([true, null])
  }
  expect(pagerdutyEvent(opened, key)).toMatchObject({
    event_action: 'trigger',
    dedup_key: 'lighthouse/n1/disk_full',
    links: [{ href: 'https://runbooks.example/disk-full.md' }, { href: 'https://grafana.example/d/1' }],
    payload: { severity: 'critical', custom_details: { free_bytes: 0, followers: ['write_errors'] } },
  })
  expect(pagerdutyEvent(resolved, key)).toMatchObject({ event_action: 'resolve', dedup_key: 'lighthouse/n1/disk_full' })
  expect(pagerduty('https://events.example/', key).request(opened, 0).url).toBe('https://events.example/v2/enqueue')
})

test('Slack gets a message in Block Kit with what was measured and a link to the runbook, and the end in its thread', () => {
  const channels = { default: '#alerts', storage: '#disks', P2: '#warnings' }
  const message = slackMessage(opened, channels)
  const { blocks } = message
  expect(message.channel).toBe('#disks')
  expect(blocks.map(({ type }) => type)).toEqual(['header', 'section', 'section', 'context'])
  expect(JSON.stringify(blocks)).toContain('<https://runbooks.example/disk-full.md|Runbook>')
  expect(JSON.stringify(blocks)).toContain('the disk &lt;data&gt; is full')
  expect(JSON.stringify(blocks)).toContain('*free_bytes*')
  expect(slackMessage({ ...opened, severity: 'P2' }, channels).channel).toBe('#warnings')
  expect(slackMessage(resolved, channels)).toMatchObject({ channel: 'C1', thread_ts: '17.5' })
  const digest = digestNotice({ atMs: 0, entries: [{ cause: 'memory_leak', times: 2, firstMs: 0 }], told: [] }, ORIGIN)
  expect(slackMessage(digest, channels)).toMatchObject({ channel: '#alerts' })
})

test('Slack gets no more than it takes, whatever there is to say', () => {
  const metrics = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`figure_${n}`, n]))
  const title = 'a long title '.repeat(50)
  const { blocks } = slackMessage(
    { ...opened, title, detail: 'a word '.repeat(2_000), metrics },
    { default: '#alerts' },
  )
  for (const block of blocks) {
    if (block.type === 'header') expect(block.text.text.length).toBeLessThanOrEqual(150)
    if (block.type !== 'section') continue
    expect(block.text?.text.length ?? 0).toBeLessThanOrEqual(3_000)
    expect(block.fields?.length ?? 1).toBeLessThanOrEqual(10)
  }
  expect(blocks).toHaveLength(4)
})

test('Slack says in an answer of 200 that it refuses a message', () => {
  const { read } = slack('https://slack.example', 'token', { default: '#alerts' })
  expect(read('{"ok":true,"channel":"C1","ts":"17.5"}')).toEqual({ ref: 'C1/17.5' })
  expect(read('{"ok":false,"error":"channel_not_found"}')).toEqual({ fault: 'it refused: channel_not_found' })
  expect(read('<html>')).toEqual({ fault: 'its answer is no JSON' })
})

test('a webhook is signed over the time and the body', () => {
  const { body, headers } = webhook('https://hooks.example/a', 's'.repeat(32)).request(opened, 1_700_000_000_500)
  const expected = createHmac('sha256', 's'.repeat(32)).update(`1700000000.${body}`).digest('hex')
  expect(headers).toMatchObject({ 'lighthouse-timestamp': '1700000000', 'lighthouse-signature': `v1=${expected}` })
  expect(headers['lighthouse-delivery']).toBe(opened.id)
  expect(webhook('https://hooks.example/a', '').request(opened, 0).headers).not.toHaveProperty('lighthouse-signature')
})
