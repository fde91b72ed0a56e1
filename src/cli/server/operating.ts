// `lighthouse whoami`, `mode` and `alerts`: what an operator asks a server, and tells it.
import type { Terminal } from '../command.js'
import { EXIT } from '../exit.js'
import { Usage } from '../usage-error.js'
import type { Wish } from './address.js'
import { coloured, harmless, inTable, printObject, printRows } from './print.js'
import { withServer } from './server.js'

interface OperatorWish extends Wish {
  readonly json?: boolean
}

export async function printWhoAmI(wish: OperatorWish, terminal: Terminal): Promise<number> {
  const [me, from] = await withServer(wish, terminal, async ({ lighthouse, address }) => {
    return [await lighthouse.whoami(), address] as const
  })
  if (wish.json) {
    await printObject(me, terminal)
    return EXIT.clean
  }
  const scopes = Object.entries(me.scopes).map(([scope, streams]) => `  ${scope}: ${streams.join(', ')}`)
  const { requestsPerMinute: requests, eventsPerMinute: events } = me.limits
  await terminal.out(
    [
      `${me.agentId}, as ${me.role}, at ${from.url} (${from.from})`,
      `until ${me.expiresAt}, in ${me.expiresInSeconds} s`,
      `${requests.left} of ${requests.limit} requests and ${events.left} of ${events.limit} events left this minute`,
      'may, on these streams:',
      ...scopes,
    ].join('\n'),
  )
  return EXIT.clean
}

interface Mode {
  readonly mode: string
  readonly since: string
  readonly cause?: string
  readonly reason?: string
  readonly mitigations: readonly string[]
  readonly recovery?: string
  readonly admitted: number
}

/** `mode` left out shows it. */
export async function modeOf(
  wish: OperatorWish,
  terminal: Terminal,
  forced?: { readonly mode: 'EMERGENCY' | 'NORMAL'; readonly reason: string },
): Promise<number> {
  const mode = await withServer(wish, terminal, server =>
    server.ask<Mode>('v1/admin/mode', forced === undefined ? {} : { method: 'POST', body: forced }),
  )
  if (wish.json) await printObject(mode, terminal)
  else await terminal.out(modeInWords(mode, terminal))
  return EXIT.clean
}

function modeInWords(mode: Mode, terminal: Terminal): string {
  const title = coloured(mode.mode, mode.mode === 'NORMAL' ? 'green' : 'red', terminal)
  if (mode.cause === undefined) return title
  const admitted = `takes ${Math.round(mode.admitted * 100)} % of the appends`
  return [
    `${title} since ${mode.since}, because of ${mode.cause}${mode.reason ? `: ${harmless(mode.reason)}` : ''}`,
    admitted,
    ...mode.mitigations.map(what => `does: ${what}`),
    ...(mode.recovery === undefined ? [] : [`ended by: ${mode.recovery}`]),
  ].join('\n')
}

interface Alert {
  readonly cause: string
  readonly severity: string
  readonly state: string
  readonly since: string
  readonly detail: string
  readonly runbook: string
}

export async function listAlerts(wish: OperatorWish, terminal: Terminal): Promise<number> {
  const { alerts, channels } = await withServer(wish, terminal, server =>
    server.ask<{ readonly alerts: readonly Alert[]; readonly channels: readonly string[] }>('v1/admin/alerts'),
  )
  const table = () =>
    inTable(
      ['SEVERITY', 'STATE', 'CAUSE', 'SINCE', 'DETAIL', 'RUNBOOK'],
      alerts.map(({ severity, state, cause, since, detail, runbook }) => [
        ...[severity, state, cause, since, detail, runbook],
      ]),
    )
  const told = channels.length === 0 ? 'no channel is set up to tell them' : `they are told to ${channels.join(', ')}`
  await printRows(alerts, { json: wish.json, table, none: `There is no alert; ${told}.` }, terminal)
  return EXIT.clean
}

interface SilenceWish extends OperatorWish {
  readonly cause?: readonly string[]
  readonly severity?: readonly string[]
  readonly for?: string
  readonly until?: string
}

interface Silence {
  readonly id: string
  readonly match: { readonly causes?: readonly string[]; readonly severities?: readonly string[] }
  readonly until: string
  readonly reason: string
  readonly by: string
}

export async function silenceAlerts(reason: string, wish: SilenceWish, terminal: Terminal): Promise<number> {
  const until = untilOf(wish)
  const body = { match: { causes: wish.cause, severities: wish.severity }, until, reason }
  const silence = await withServer(wish, terminal, server =>
    server.ask<Silence>('v1/admin/silences', { method: 'POST', body }),
  )
  if (wish.json) await printObject(silence, terminal)
  else await terminal.out(`silence ${silence.id} until ${silence.until}`)
  return EXIT.clean
}

const MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

function untilOf({ for: time, until }: SilenceWish): string {
  if ((time === undefined) === (until === undefined)) throw new Usage('say for how long: --for 2h, or --until TIME')
  if (until !== undefined) return until
  const [, count, unit] = /^(\d{1,5})([mhd])$/.exec(time ?? '') ?? []
  const ms = Number(count) * (MS[unit ?? ''] ?? Number.NaN)
  if (!(ms > 0)) throw new Usage('--for takes a time such as 30m, 2h or 7d')
  return new Date(Date.now() + ms).toISOString()
}

export async function listSilences(wish: OperatorWish, terminal: Terminal): Promise<number> {
  const { silences } = await withServer(wish, terminal, server =>
    server.ask<{ readonly silences: readonly Silence[] }>('v1/admin/silences'),
  )
  const table = () =>
    inTable(
      ['SILENCE', 'CAUSES', 'SEVERITIES', 'UNTIL', 'BY', 'REASON'],
      silences.map(({ id, match, until, by, reason }) => [
        ...[id, listed(match.causes), listed(match.severities), until, by, reason],
      ]),
    )
  await printRows(silences, { json: wish.json, table, none: 'Nothing is silenced.' }, terminal)
  return EXIT.clean
}

const listed = (names: readonly string[] = []) => (names.length === 0 ? 'any' : names.join(','))

export async function endSilence(id: string, wish: OperatorWish, terminal: Terminal): Promise<number> {
  const path = `v1/admin/silences/${encodeURIComponent(id)}`
  await withServer(wish, terminal, server => server.ask(path, { method: 'DELETE' }))
  if (wish.json) await printObject({ ended: id }, terminal)
  else await terminal.out(`the silence ${id} has ended`)
  return EXIT.clean
}

interface Tested {
  readonly channel: string
  readonly outcome: string
  readonly fault?: string
}

/** A channel that did not take the message is a no. */
export async function testAlerts(wish: OperatorWish, terminal: Terminal): Promise<number> {
  const { channels } = await withServer(wish, terminal, server =>
    server.ask<{ readonly channels: readonly Tested[] }>('v1/admin/alerts/test', { method: 'POST', body: {} }),
  )
  const table = () =>
    inTable(
      ['CHANNEL', 'OUTCOME', 'WHY'],
      channels.map(({ channel, outcome, fault }) => [channel, outcome, fault]),
    )
  const none = 'No channel is set up: docs/ALERTING.md says how.'
  await printRows(channels, { json: wish.json, table, none }, terminal)
  return channels.every(({ outcome }) => outcome === 'delivered') ? EXIT.clean : EXIT.no
}
