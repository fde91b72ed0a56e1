// What a watched server tells PagerDuty and a webhook: of which cause, how severe, and when.
import type { AlertingSettings } from '../../src/config/alerting-settings.js'
import type { Cause } from '../../src/signals/signals.js'
import { AlertReceiver, type Received } from '../support/alert-receiver.js'
import type { Moment } from './watched-server.js'

const PAGES = '/v2/enqueue'
const HOOK = '/hook'

/** Minutes of production as seconds of a trial. What a machine under load shows for a few seconds is still told to nobody. */
const PACE: Partial<AlertingSettings> = { calmSeconds: 10, p2Seconds: 30, p3Seconds: 60, raiseP2Seconds: 0 }

export class ToldAlerts {
  private constructor(private readonly receiver: AlertReceiver) {}

  static async start(): Promise<ToldAlerts> {
    return new ToldAlerts(await AlertReceiver.start())
  }

  /** For the environment of the server. */
  envOf(pace: Partial<AlertingSettings> = {}): Readonly<Record<string, string>> {
    const { url } = this.receiver
    return {
      LIGHTHOUSE_ALERTING: JSON.stringify({ ...PACE, ...pace, pagerdutyUrl: url, webhookUrl: `${url}${HOOK}` }),
      LIGHTHOUSE_ALERT_PAGERDUTY_KEY: 'p'.repeat(32),
      LIGHTHOUSE_ALERT_WEBHOOK_SECRET: 'w'.repeat(32),
    }
  }

  /** What PagerDuty was told, in order, such as `trigger memory`. */
  get pages(): string[] {
    return this.receiver
      .at(PAGES)
      .map(({ body }) => `${body.event_action as string} ${causeOf(body.dedup_key as string)}`)
  }

  /** What the webhook was told, in order, such as `opened memory P1`. */
  get notices(): string[] {
    return this.receiver.at(HOOK).map(({ body }) => `${body.kind} ${body.cause} ${body.severity}`)
  }

  /** Resolves once an alert of this severity was told, with its cause and when, by the clock of `performance`. */
  async opened(severity: string): Promise<{ readonly cause: Cause; readonly atMs: number }> {
    const find = () => this.receiver.at(HOOK).find(({ body }) => body.kind === 'opened' && body.severity === severity)
    await this.receiver.until(() => find() !== undefined)
    const { body, atMs } = find() as Received
    return { cause: body.cause, atMs }
  }

  /** Resolves once the webhook was told this. */
  async told(notice: string): Promise<void> {
    await this.receiver.until(() => this.notices.includes(notice))
  }

  /** Resolves once PagerDuty was told this. */
  async paged(page: string): Promise<void> {
    await this.receiver.until(() => this.pages.includes(page))
  }

  timeline(fromMs: number): Moment[] {
    return this.receiver.received.map(({ atMs, path, body }) => {
      const what =
        path === PAGES
          ? `PagerDuty: ${body.event_action} ${causeOf(body.dedup_key)}`
          : `webhook: ${body.kind} ${body.cause} ${body.severity}`
      return { ms: Math.round(atMs - fromMs), what }
    })
  }

  async end(): Promise<void> {
    await this.receiver.stop()
  }
}

function causeOf(key: string): string {
  return key.split('/').at(-1) ?? ''
}
