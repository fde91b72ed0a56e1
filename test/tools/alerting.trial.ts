// The built server is killed while it tells of an alert: each channel hears of it at least once, Slack at most twice.
import { expect, test } from '@jest/globals'
import { AlertReceiver, type Manner } from '../support/alert-receiver.js'
import { RunningServer, tokenOf } from '../support/running-server.js'

const PAGES = '/v2/enqueue'
const MESSAGES = '/api/chat.postMessage'
const MANNERS: readonly Manner[] = ['takes', 'fails', 'stalls', 'limits']

test.each(MANNERS)(
  'a server that is killed while the channels answer in this way (%s) tells them after its start',
  async manner => {
    const receiver = await AlertReceiver.start()
    const { url } = receiver
    const env = {
      LIGHTHOUSE_PORT: '0',
      LIGHTHOUSE_ALERTING: JSON.stringify({ pagerdutyUrl: url, slackUrl: url, webhookUrl: `${url}/hook` }),
      LIGHTHOUSE_ALERT_PAGERDUTY_KEY: 'p'.repeat(32),
      LIGHTHOUSE_ALERT_SLACK_TOKEN: 's'.repeat(32),
      LIGHTHOUSE_ALERT_WEBHOOK_SECRET: 'w'.repeat(32),
    }
    const told = (path: string) => receiver.at(path).length
    const all = [PAGES, MESSAGES, '/hook']
    receiver.manner = manner
    let server = await RunningServer.start(env)
    try {
      const forced = await fetch(`${server.url}/v1/admin/mode`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${await tokenOf({ sub: 'operator', role: 'admin', aud: 'lighthouse' })}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify({ mode: 'EMERGENCY', reason: 'the disk is being moved' }),
      })
      expect(forced.status).toBe(200)
      await receiver.until(() => all.every(path => told(path) > 0))
      const before = all.map(told)
      await server.kill()
      receiver.manner = 'takes'
      server = await RunningServer.start(env, server.directory)
      if (manner !== 'takes') await receiver.until(() => all.every((path, n) => told(path) > (before[n] as number)))
      const pages = receiver.at(PAGES).map(({ body }) => body)
      expect(new Set(pages.map(({ dedup_key: key }) => key))).toEqual(new Set(['lighthouse/node-1/manual']))
      // Those before the kill were not taken, unless the receiver takes all; then one more may follow the kill.
      expect(told(MESSAGES) - (manner === 'takes' ? 0 : (before[1] as number))).toBeLessThanOrEqual(
        manner === 'takes' ? 2 : 1,
      )
    } finally {
      await server.stop()
      await receiver.stop()
    }
  },
)
