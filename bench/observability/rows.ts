// The rows: everything that observes a server, each part of it alone, and nothing at all, against a server that nothing observes.

import { freePort } from '../../test/support/free-port.js'
import { makeEvents } from '../engine/workload.js'
import { load } from '../http/load.js'
import { startLighthouse, tokenFor } from '../http/servers.js'
import { subjectOn } from '../pairs/http-rows.js'
import type { PairRow } from '../pairs/row.js'

type Variables = Readonly<Record<string, string>>

/** Events of the shipped rules among the others: one in so many. */
const DECISION_EVERY = 10

/** Of nothing but what the server must do. A failure would still be logged. */
const OFF: Variables = {
  LIGHTHOUSE_LOG_LEVEL: 'error',
  LIGHTHOUSE_MEASURE_OPERATIONS: 'false',
  LIGHTHOUSE_BUSINESS_METRICS: '[]',
}

/** What each part adds to it. */
const PARTS: Readonly<Record<string, (url: string) => Variables>> = {
  metrics: () => ({ LIGHTHOUSE_MEASURE_OPERATIONS: 'true' }),
  business: () => ({ LIGHTHOUSE_MEASURE_OPERATIONS: 'true', LIGHTHOUSE_BUSINESS_METRICS: SHIPPED }),
  log: () => ({ LIGHTHOUSE_LOG_LEVEL: 'info' }),
  traces: url => ({ LIGHTHOUSE_TRACES_URL: `${url}/v1/traces`, LIGHTHOUSE_TRACES_PERCENT: '10' }),
  alerting: url => ({
    LIGHTHOUSE_ALERTING: JSON.stringify({
      webhookUrl: `${url}/alerts`,
      heartbeatUrl: `${url}/heartbeat`,
      heartbeatSeconds: 1,
    }),
  }),
}

const SHIPPED = JSON.stringify([
  { metric: 'validation_decisions', types: ['ValidationDecided'], outcome: 'data.decision' },
  { metric: 'validation_reviews', types: ['ValidationReviewed'], outcome: 'data.verdict' },
  { metric: 'coordination_outcomes', types: ['CoordinationEnded'], outcome: 'data.outcome' },
  { metric: 'task_outcomes', types: ['TaskDone', 'TaskFailed', 'TaskEscalated', 'TaskAbandoned'] },
])

const BODIES = makeEvents({ count: 1_000 }).map((event, n) =>
  JSON.stringify(
    n % DECISION_EVERY === 0
      ? {
          ...event,
          type: 'ValidationDecided',
          data: { ...event.data, decision: n % 3 === 0 ? 'rejected' : 'approved' },
        }
      : event,
  ),
)

export function observabilityRows(url: string, connections: number): readonly PairRow[] {
  const parts = Object.entries(PARTS)
  const all = Object.assign({}, ...parts.map(([, variables]) => variables(url))) as Variables
  return [
    row('all', connections, all),
    ...parts.map(([name, variables]) => row(name, connections, variables(url))),
    // How far two servers alike are apart: no difference below that can be seen.
    row('nothing', connections, {}),
  ]
}

/** `before` is the side that nothing observes. Both are the same checkout. */
function row(name: string, connections: number, on: Variables): PairRow {
  return {
    name,
    what: `POST /v1/events, 1 KB of JSON, ${connections} connections: observed (${name}) by not`,
    unit: 'requests/s',
    better: 'more',
    start: async ({ side, directory }) => {
      const env = side.name === 'before' ? OFF : { ...OFF, ...on }
      const running = await startLighthouse({ directory, port: await freePort(), env })
      const headers = { authorization: `Bearer ${await tokenFor('bench')}`, 'content-type': 'application/json' }
      return subjectOn(running, async seconds => {
        const shape = { url: `${running.url}/v1/events`, method: 'POST', connections, bodies: BODIES, headers } as const
        const { perSecond } = await load({ ...shape, seconds })
        return { figure: perSecond, perSecond }
      })
    },
  }
}
