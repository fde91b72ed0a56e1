// Slack by `chat.postMessage`: one message an alert in Block Kit, and what follows in its thread. Pure.
import type { ContextBlock, HeaderBlock, KnownBlock, MrkdwnElement, SectionBlock } from '@slack/types'
import type { Channel } from './channel.js'
import { type AlertNotice, isAddress, type Notice } from './notice.js'
import type { AlertSeverity } from './route.js'

const MARK_OF: Readonly<Record<AlertSeverity, string>> = {
  P1: ':rotating_light:',
  P2: ':warning:',
  P3: ':large_yellow_circle:',
  P4: ':information_source:',
}
/** The bounds of Slack are 150 and 3,000 characters, and 10 fields a section. */
const HEADER_CHARS = 150
const TEXT_CHARS = 2_900
const FIELDS = 10

export interface SlackMessage {
  readonly channel: string
  readonly text: string
  readonly blocks: readonly KnownBlock[]
  readonly thread_ts?: string
}

export function slack(base: string, token: string, channels: Readonly<Record<string, string>>): Channel {
  return {
    name: 'slack',
    request: notice => ({
      url: `${base.replace(/\/$/, '')}/api/chat.postMessage`,
      headers: { 'content-type': 'application/json; charset=utf-8', authorization: `Bearer ${token}` },
      body: JSON.stringify(slackMessage(notice, channels)),
    }),
    read: readAnswer,
  }
}

/** The answer is 200 although Slack refuses the message. */
function readAnswer(answer: string): { fault?: string; ref?: string } {
  let said: { ok?: unknown; error?: unknown; channel?: unknown; ts?: unknown }
  try {
    said = JSON.parse(answer) as typeof said
  } catch {
    return { fault: 'its answer is no JSON' }
  }
  if (said.ok !== true) return { fault: `it refused: ${String(said.error).slice(0, 100)}` }
  return typeof said.ts === 'string' ? { ref: `${String(said.channel)}/${said.ts}` } : {}
}

export function slackMessage(notice: Notice, channels: Readonly<Record<string, string>>): SlackMessage {
  const fallback = channels['default'] ?? ''
  if (notice.kind === 'digest') {
    const title = `Digest of ${notice.node}`
    const lines = notice.lines.map(line => `• ${escaped(line)}`).join('\n')
    return { channel: channels['P4'] ?? fallback, text: title, blocks: [header(title), section(lines)] }
  }
  const { severity, component, ref } = notice
  const title = titleOf(notice)
  const message = { text: `${title}: ${notice.detail}`, blocks: blocksOf(notice, title) }
  if (ref === undefined) return { channel: channels[severity] ?? channels[component] ?? fallback, ...message }
  // The thread is where its first message is, whatever the severity is by now.
  const [channel = fallback, ts = ref] = ref.split('/')
  return { channel, ...message, thread_ts: ts }
}

function titleOf({ kind, severity, title }: AlertNotice): string {
  if (kind === 'resolved') return `:white_check_mark: Over: ${title}`
  return `${MARK_OF[severity]} ${severity}${kind === 'raised' ? ' from now on' : ''}: ${title}`
}

function blocksOf(notice: AlertNotice, title: string): KnownBlock[] {
  const { kind, detail, metrics, since, until, followers, node, cause } = notice
  const fields = Object.entries({ ...metrics }).map(([name, value]) => `*${escaped(name)}*\n${value}`)
  if (kind === 'resolved') return [section(`*${title}*\n${escaped(`on ${node}, from ${since} to ${until ?? 'now'}`)}`)]
  const because = followers.length === 0 ? '' : `\nIt also explains: ${followers.join(', ')}`
  const where: ContextBlock = {
    type: 'context',
    elements: [mrkdwn(`${escaped(node)} · ${cause} · since ${since} · ${linksOf(notice)}`)],
  }
  const said = [header(title), section(`${escaped(detail)}${because}`)]
  if (fields.length === 0) return [...said, where]
  return [...said, { type: 'section', fields: fields.slice(0, FIELDS).map(mrkdwn) }, where]
}

function linksOf({ runbook, dashboard }: AlertNotice): string {
  const page = isAddress(runbook) ? `<${runbook}|Runbook>` : `\`${runbook}\``
  return dashboard === undefined ? page : `${page} · <${dashboard}|Dashboard>`
}

function header(text: string): HeaderBlock {
  return { type: 'header', text: { type: 'plain_text', text: text.slice(0, HEADER_CHARS), emoji: true } }
}

function section(text: string): SectionBlock {
  return { type: 'section', text: mrkdwn(text.slice(0, TEXT_CHARS)) }
}

function mrkdwn(text: string): MrkdwnElement {
  return { type: 'mrkdwn', text }
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
