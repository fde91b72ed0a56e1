// What each cause of trouble is worth: how severe it is, when and by which channels it is told, and its runbook. Pure.
import { basename } from 'node:path/posix'
import type { AlertingSettings } from '../config/alerting-settings.js'
import { runbookOf } from '../failures/recovery-action.js'
import type { Cause, SignalLevel } from '../signals/signals.js'

/** P1 is told at once and pages, P2 and P3 are told later, P4 stands in the digest alone. */
export const SEVERITIES = ['P1', 'P2', 'P3', 'P4'] as const
export type AlertSeverity = (typeof SEVERITIES)[number]

export const CHANNELS = ['pagerduty', 'slack', 'webhook'] as const
export type ChannelName = (typeof CHANNELS)[number]

interface Route {
  readonly title: string
  readonly warning: AlertSeverity
  readonly critical: AlertSeverity
}

const route = (title: string, warning: AlertSeverity, critical: AlertSeverity): Route => ({ title, warning, critical })

/** A cause that changes the mode to EMERGENCY is P1 when it is critical. */
export const ROUTES: Readonly<Record<Cause, Route>> = {
  write_latency: route('Appends are slow', 'P2', 'P1'),
  write_errors: route('Appends fail', 'P2', 'P1'),
  integrity: route('Stored events are damaged', 'P1', 'P1'),
  lost_ownership: route('Another process has taken the data directory', 'P1', 'P1'),
  service_level: route('A service level is broken', 'P2', 'P1'),
  disk_full: route('The disk is full', 'P1', 'P1'),
  storage_space: route('The volume of the data is filling up', 'P3', 'P1'),
  storage_failed: route('The storage has failed', 'P1', 'P1'),
  storage_hung: route('The storage does not answer', 'P2', 'P1'),
  storage_growth: route('The volume will be full within days', 'P3', 'P2'),
  storage_permission: route('A file may not be read or written', 'P3', 'P2'),
  memory: route('Memory is short', 'P3', 'P1'),
  memory_leak: route('Memory grows without end', 'P4', 'P3'),
  descriptors: route('File descriptors are running out', 'P3', 'P2'),
  event_loop: route('The event loop is late', 'P3', 'P2'),
  dependency: route('A service that is depended on cannot be reached', 'P2', 'P1'),
  security: route('Many requests are denied', 'P2', 'P1'),
  alerting: route('Alerts cannot be delivered', 'P3', 'P2'),
  manual: route('An operator has forced the mode', 'P4', 'P1'),
}

/** What follows from a cause. While the cause stands, these are kept on the record and not told. */
export const FOLLOWERS: Partial<Readonly<Record<Cause, readonly Cause[]>>> = {
  storage_failed: ['write_errors', 'write_latency', 'storage_hung', 'service_level'],
  lost_ownership: ['write_errors', 'storage_failed', 'service_level'],
  integrity: ['write_errors', 'service_level'],
  disk_full: ['storage_space', 'storage_growth', 'write_errors', 'service_level'],
  storage_hung: ['write_latency', 'write_errors', 'service_level'],
  storage_space: ['storage_growth', 'write_errors', 'service_level'],
  storage_permission: ['write_errors'],
  memory: ['event_loop', 'memory_leak', 'write_latency', 'service_level'],
  event_loop: ['write_latency', 'service_level'],
  write_errors: ['service_level'],
  write_latency: ['service_level'],
  manual: ['service_level'],
}

/** What is judged over the past shows a cause for so long after its end. */
export const LAGS_MS: Partial<Readonly<Record<Cause, number>>> = {
  // The longer of the two short windows of the objectives.
  service_level: 30 * 60_000,
}

/** Pages are for what has to be seen to at once. */
export const CHANNELS_OF: Readonly<Record<AlertSeverity, readonly ChannelName[]>> = {
  P1: ['pagerduty', 'slack', 'webhook'],
  P2: ['slack', 'webhook'],
  P3: ['slack', 'webhook'],
  P4: [],
}

export const DIGEST_CHANNELS: readonly ChannelName[] = ['slack', 'webhook']

export function severityOf(cause: Cause, level: Exclude<SignalLevel, 'ok'>): AlertSeverity {
  return ROUTES[cause][level]
}

export function isWorse(one: AlertSeverity, other: AlertSeverity): boolean {
  return SEVERITIES.indexOf(one) < SEVERITIES.indexOf(other)
}

/** How long an alert stands before it is told. */
export function delayMs(severity: AlertSeverity, { p2Seconds, p3Seconds }: AlertingSettings): number {
  return { P1: 0, P2: p2Seconds * 1_000, P3: p3Seconds * 1_000, P4: Number.POSITIVE_INFINITY }[severity]
}

/** How long it stands before it is the next severity. */
export function raiseMs(severity: AlertSeverity, { raiseP2Seconds, raiseP3Seconds }: AlertingSettings): number {
  const seconds = { P1: 0, P2: raiseP2Seconds, P3: raiseP3Seconds, P4: 0 }[severity]
  return seconds === 0 ? Number.POSITIVE_INFINITY : seconds * 1_000
}

/** As people can open it: with `base` as the folder of the runbooks, without one as a path in the repository. */
export function runbookAddress(cause: Cause, base: string): string {
  return base === '' ? `docs/${runbookOf(cause)}` : `${base.replace(/\/$/, '')}/${basename(runbookOf(cause))}`
}
