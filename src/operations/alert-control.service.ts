// Answers which alerts stand, and keeps the silences that operators ask for.
import { randomBytes } from 'node:crypto'
import { Injectable, Logger } from '@nestjs/common'
import type { Silence } from '../alerting/alert-state.js'
import { Alerts } from '../alerting/alerts.service.js'
import { ROUTES, runbookAddress } from '../alerting/route.js'
import type { Access } from '../auth/access.js'
import { Settings } from '../config/settings.js'
import { SERVICE_AGENT } from '../contract/check/check-append.js'
import { codeOf, invalid, StoreError } from '../contract/errors.js'
import type { JsonObject } from '../contract/event.js'
import { EventStore } from '../contract/event-store.js'
import { parseTime, timeFault } from '../contract/rfc3339.js'
import type { AlertsAnswerDto, SilenceAnswerDto, SilenceDto, TestedAnswerDto } from './alerts.dto.js'
import { SECURITY_STREAM } from './journal.js'

const MOST = 100
/** A silence that nobody remembers hides what it was not made for. */
const LONGEST_MS = 31 * 86_400_000

@Injectable()
export class AlertControl {
  private readonly logger = new Logger('security')

  constructor(
    private readonly alerts: Alerts,
    private readonly store: EventStore,
    private readonly settings: Settings,
  ) {}

  list(): AlertsAnswerDto {
    const book = this.alerts.list()
    const now = Date.now()
    const alerts = [...book.state.alerts.values()].map(alert => {
      const { cause, severity, detail, metrics, openedMs, endedMs, under, told } = alert
      const unheard = book.isSilenced(alert, now) ? 'silenced' : 'open'
      return {
        cause,
        severity,
        state: endedMs !== undefined ? 'resolved' : under !== undefined ? 'suppressed' : unheard,
        title: ROUTES[cause].title,
        detail,
        metrics,
        since: new Date(openedMs).toISOString(),
        ...(under === undefined ? {} : { under }),
        told: Object.keys(told),
        runbook: runbookAddress(cause, this.settings.alerting.runbookUrl),
      }
    })
    return { alerts, channels: this.alerts.channelNames() }
  }

  silences(): SilenceAnswerDto[] {
    return this.alerts.silences().map(answerOf)
  }

  async silence({ match, from, until, reason }: SilenceDto, { agentId: by }: Access): Promise<SilenceAnswerDto> {
    const fromMs = from === undefined ? Date.now() : timeOf('/from', from)
    const untilMs = timeOf('/until', until)
    if (untilMs <= Date.now() || untilMs <= fromMs) throw invalid('/until', 'must lie in the future and after from')
    if (untilMs - fromMs > LONGEST_MS) throw invalid('/until', 'must be at most 31 days after from')
    if (this.alerts.silences().length >= MOST)
      throw new StoreError('INVALID_REQUEST', `${MOST} silences stand already: remove those that are not needed.`)
    const { causes = [], severities = [] } = match
    const silence = { id: randomBytes(8).toString('hex'), causes, severities, fromMs, untilMs, reason, by }
    await this.alerts.change({ type: 'silence.added', ...silence })
    const answer = answerOf(silence)
    await this.journal('alerts.silenced', { ...answer } as unknown as JsonObject)
    return answer
  }

  async remove(id: string, { agentId: by }: Access): Promise<void> {
    if (!this.alerts.silences().some(silence => silence.id === id))
      throw new StoreError('NOT_FOUND', 'There is no such silence.')
    await this.alerts.change({ type: 'silence.removed', id, by })
    await this.journal('alerts.unsilenced', { id, by })
  }

  async test({ agentId: by }: Access): Promise<TestedAnswerDto> {
    const channels = await this.alerts.test()
    await this.journal('alerts.tested', {
      by,
      channels: channels.map(({ channel, outcome }) => ({ channel, outcome })),
    })
    return { channels }
  }

  /** A failure is only logged: alerts are silenced just when a store may take no appends. */
  private async journal(type: string, data: JsonObject): Promise<void> {
    try {
      await this.store.append({ events: [{ type, stream: SECURITY_STREAM, data }], author: { agentId: SERVICE_AGENT } })
    } catch (error) {
      this.logger.warn({ code: codeOf(error), type, message: 'what an operator did could not be written down' })
    }
  }
}

function timeOf(pointer: string, text: string): number {
  const fault = timeFault(text)
  if (fault !== undefined) throw invalid(pointer, fault)
  return Number(parseTime(text) / 1_000_000n)
}

function answerOf({ id, causes, severities, fromMs, untilMs, reason, by }: Silence): SilenceAnswerDto {
  const match = { causes: [...causes], severities: [...severities] }
  const times = { from: new Date(fromMs).toISOString(), until: new Date(untilMs).toISOString() }
  return { id, match, ...times, reason, by }
}
