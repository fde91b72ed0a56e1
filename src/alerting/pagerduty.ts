// The Events API v2 of PagerDuty: an incident is triggered and resolved under one key. Pure.
import type { Channel } from './channel.js'
import { type AlertNotice, isAddress, type Notice } from './notice.js'
import type { AlertSeverity } from './route.js'

const SEVERITY_OF: Readonly<Record<AlertSeverity, string>> = { P1: 'critical', P2: 'error', P3: 'warning', P4: 'info' }
const SUMMARY_CHARS = 1_024

export function pagerduty(base: string, routingKey: string): Channel {
  return {
    name: 'pagerduty',
    request: notice => ({
      url: `${base.replace(/\/$/, '')}/v2/enqueue`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(pagerdutyEvent(notice, routingKey)),
    }),
    read: () => ({}),
  }
}

export function pagerdutyEvent(notice: Notice, routingKey: string): object {
  if (notice.kind === 'digest') throw new Error('A digest is no incident.')
  const { key, kind } = notice
  const head = { routing_key: routingKey, dedup_key: key }
  return kind === 'resolved'
    ? { ...head, event_action: 'resolve' }
    : { ...head, event_action: 'trigger', ...incident(notice) }
}

function incident({
  title,
  detail,
  node,
  severity,
  since,
  component,
  cause,
  metrics,
  followers,
  ...more
}: AlertNotice) {
  const { runbook, dashboard, kind } = more
  const links = [
    ...(isAddress(runbook) ? [{ href: runbook, text: 'Runbook' }] : []),
    ...(dashboard === undefined ? [] : [{ href: dashboard, text: 'Dashboard' }]),
  ]
  return {
    client: 'Lighthouse',
    links,
    payload: {
      summary: `${title}: ${detail}`.slice(0, SUMMARY_CHARS),
      source: node,
      severity: kind === 'test' ? 'info' : SEVERITY_OF[severity],
      timestamp: since,
      component,
      group: 'lighthouse',
      class: cause,
      custom_details: { severity, detail, ...metrics, followers, runbook },
    },
  }
}
