// What every part of the live bench is given.
import type { Report } from '../engine/report.js'
import type { Running } from '../http/servers.js'
import { LightClient } from './light-client.js'

export interface LiveBench {
  readonly report: Report
  readonly lighthouse: Running
  /** Of bare `ws`. */
  readonly bareUrl: string
  readonly authorization: string
  readonly rounds: number
  readonly seconds: number
}

export function openStream({ lighthouse, authorization }: LiveBench): Promise<LightClient> {
  return LightClient.open(lighthouse.url, { Authorization: authorization })
}

/** Resolves when the subscription has said where it begins and that it has caught up. */
export async function subscribed(client: LightClient, frame: object): Promise<void> {
  const ready = new Promise<void>(resolve => {
    client.onFrame = payload => {
      if (payload.includes('"type":"caughtUp"')) resolve()
    }
  })
  client.send(JSON.stringify({ type: 'subscribe', ...frame }))
  await ready
  client.onFrame = undefined
}

export async function appendBatch({ lighthouse, authorization }: LiveBench, events: readonly object[]): Promise<void> {
  const answer = await fetch(`${lighthouse.url}/v1/events/batch`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ events }),
  })
  if (!answer.ok) throw new Error(`refused: ${await answer.text()}`)
  await answer.arrayBuffer()
}
