// Turns signals into alerts and tells the channels that are set up; once a second, and at once when a signal changes.
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common'
import { Counter } from 'prom-client'
import { Settings } from '../config/settings.js'
import { Metrics } from '../metrics/metrics.js'
import { Signals } from '../signals/signals.js'
import { AlertBook, type Due } from './alert-book.js'
import { AlertOutbox } from './alert-outbox.service.js'
import { type AlertChange, noAlerts, type Silence } from './alert-state.js'
import { type Channel, deliver } from './channel.js'
import { Courier } from './courier.js'
import { alertNotice, digestNotice, type Notice, type NoticeOrigin } from './notice.js'
import { pagerduty } from './pagerduty.js'
import { CHANNELS, type ChannelName, SEVERITIES } from './route.js'
import { slack } from './slack.js'
import { webhook } from './webhook.js'

const TICK_MS = 1_000
const OUTCOMES = ['delivered', 'rate_limited', 'failed'] as const

export interface Tested {
  readonly channel: ChannelName
  readonly outcome: (typeof OUTCOMES)[number]
  readonly fault?: string
}

@Injectable()
export class Alerts implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('alerting')
  private readonly stopped = new AbortController()
  private readonly channels: readonly Channel[]
  private readonly couriers: readonly Courier[]
  private readonly origin: NoticeOrigin
  private readonly deliveries: Counter<'channel' | 'outcome'>
  private book: AlertBook
  private isLoaded = false
  private timer: NodeJS.Timeout | undefined

  constructor(
    private readonly outbox: AlertOutbox,
    private readonly signals: Signals,
    private readonly settings: Settings,
    metrics: Metrics,
  ) {
    this.channels = channelsOf(settings)
    this.couriers = this.channels.map(channel => new Courier(channel, (to, notice) => this.send(to, notice)))
    const { runbookUrl, dashboardUrl } = settings.alerting
    this.origin = { nodeId: settings.nodeId, runbookUrl, dashboardUrl }
    this.book = this.bookOf(noAlerts())
    metrics.gauges({ alerts: 'Alerts that are open, by severity.' }, 'severity', async () => {
      const found = this.book.openBySeverity()
      return new Map(SEVERITIES.map(severity => [severity, { alerts: found[severity] }]))
    })
    this.deliveries = new Counter({
      name: 'lighthouse_alert_deliveries_total',
      help: 'Notices of alerts that were taken to a channel, by what came of it.',
      labelNames: ['channel', 'outcome'],
      registers: [metrics.registry],
    })
    for (const channel of CHANNELS) for (const outcome of OUTCOMES) this.deliveries.inc({ channel, outcome }, 0)
    signals.listen(() => void this.tick())
  }

  async onApplicationBootstrap(): Promise<void> {
    this.book = this.bookOf(await this.outbox.load())
    this.isLoaded = true
    await this.step(nowMs())
    this.timer = setInterval(() => void this.tick(), TICK_MS).unref()
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer)
    this.stopped.abort()
  }

  /** Never rejects. */
  async tick(now = nowMs()): Promise<void> {
    if (!this.isLoaded || this.stopped.signal.aborted) return
    await this.step(now)
    await Promise.all(this.couriers.map(courier => this.tell(courier, now)))
    this.judge(now)
  }

  list(): AlertBook {
    return this.book
  }

  /** In force at once, and on the record as soon as that can be written. */
  async change(change: AlertChange): Promise<void> {
    this.book.apply(change)
    await this.outbox.write([change])
  }

  channelNames(): ChannelName[] {
    return this.channels.map(({ name }) => name)
  }

  silences(): Silence[] {
    return [...this.book.state.silences.values()]
  }

  /** Tells every channel at once that it works, and PagerDuty that this is over. */
  test(): Promise<Tested[]> {
    const now = nowMs()
    const detail = 'An operator has asked for it; there is nothing to do.'
    const seen = { cause: 'alerting', level: 'warning', severity: 'P3', detail, metrics: {} } as const
    const alert = { ...seen, openedMs: now, sinceMs: now, told: {} }
    const notice = alertNotice('test', alert, { followers: [] }, this.origin)
    return Promise.all(
      this.channels.map(async channel => {
        const { outcome, fault } = await this.send(channel, notice)
        if (channel.name === 'pagerduty' && outcome === 'delivered')
          await this.send(channel, { ...notice, kind: 'resolved' })
        return { channel: channel.name, outcome, ...(fault === undefined ? {} : { fault }) }
      }),
    )
  }

  private async step(now: number): Promise<void> {
    const changes = this.book.step(now, this.signals.active)
    for (const change of changes) this.log(change)
    await this.outbox.write(changes)
  }

  private async tell(courier: Courier, now: number): Promise<void> {
    const { name } = courier.channel
    let dues: readonly Due[] = []
    let notices: Notice[] = []
    const taken = await courier.take(now, () => {
      dues = this.book.due(name, now)
      notices = dues.map(due => this.noticeOf(due, name))
      return notices
    })
    if (taken === undefined) return
    const { notice, delivered } = taken
    if (delivered.outcome !== 'delivered') {
      this.logger.warn({ channel: name, id: notice.id, message: `an alert could not be delivered: ${delivered.fault}` })
      return
    }
    const due = dues[notices.indexOf(notice)]
    if (due === undefined) return
    if (due.kind === 'digest') return this.change({ type: 'digest.delivered', channel: name, atMs: now })
    const { cause, severity, told } = due.alert
    // Later messages answer to the first one.
    const ref = told[name]?.ref ?? delivered.ref
    const change = { type: 'alert.delivered', cause, channel: name, notice: due.kind, severity } as const
    await this.change(ref === undefined ? change : { ...change, ref })
  }

  private noticeOf(due: Due, channel: ChannelName): Notice {
    if (due.kind === 'digest') return digestNotice(due.digest, this.origin)
    const { kind, alert, followers } = due
    const newest = this.signals.active.find(({ cause }) => cause === alert.cause)
    return alertNotice(kind, alert, { followers, told: alert.told[channel], newest }, this.origin)
  }

  private async send(channel: Channel, notice: Notice) {
    const delivered = await deliver(channel, notice, this.stopped.signal)
    this.deliveries.inc({ channel: channel.name, outcome: delivered.outcome })
    return delivered
  }

  /** A channel that fails is told by the others. */
  private judge(now: number): void {
    const failing = this.couriers.filter(courier => courier.failsForLong(now)).map(({ channel }) => channel.name)
    const detail = failing.length === 0 ? 'every channel takes alerts' : `no alert reaches ${failing.join(', ')}`
    const level = failing.length === 0 ? 'ok' : 'warning'
    this.signals.tell({ cause: 'alerting', level, detail, metrics: { channels_failing: failing.length } })
  }

  private log(change: AlertChange): void {
    const { type } = change
    if (type === 'alert.opened' || type === 'alert.raised') {
      const { cause, severity, detail } = change
      this.logger[severity === 'P1' ? 'error' : 'warn']({ cause, severity, alert: type, message: detail })
    } else if (type === 'alert.resolved') {
      this.logger.log({ cause: change.cause, alert: type, message: `the alert ${change.cause} is over` })
    }
  }

  private bookOf(state: ReturnType<typeof noAlerts>): AlertBook {
    return new AlertBook(state, this.settings.alerting, this.channelNames())
  }
}

function channelsOf({ alerting, alertPagerdutyKey, alertSlackToken, alertWebhookSecret }: Settings): Channel[] {
  const { pagerdutyUrl, slackUrl, slackChannels, webhookUrl } = alerting
  return [
    ...(alertPagerdutyKey === '' ? [] : [pagerduty(pagerdutyUrl, alertPagerdutyKey)]),
    ...(alertSlackToken === '' ? [] : [slack(slackUrl, alertSlackToken, slackChannels)]),
    ...(webhookUrl === '' ? [] : [webhook(webhookUrl, alertWebhookSecret)]),
  ]
}

/** The time of day as it was at the start of the process, moved on by a clock that no step of the wall clock moves. */
function nowMs(): number {
  return Math.round(performance.timeOrigin + performance.now())
}
