// The store as a server uses it: an append asks the mode first, and what passes is counted.

import { beforeEach, describe, expect, test } from '@jest/globals'
import { Logger } from '@nestjs/common'
import { metricsUnderTest } from '../../test/support/metrics-under-test.js'
import { SERVICE_AGENT } from '../contract/check/check-append.js'
import { ModeHolder } from '../degradation/mode-holder.js'
import { FIRST_MODE } from '../degradation/next-mode.js'
import type { Metrics } from '../metrics/metrics.js'
import { ServiceLevels } from '../monitors/service-levels.js'
import { Signals } from '../signals/signals.js'
import { type OpenStore, openStore } from './open-store.js'

Logger.overrideLogger(false)

const OPENED = { events: [{ type: 'opened', stream: 'orders', data: {} }], author: { agentId: 'a1' } }

let metrics: Metrics
let mode: ModeHolder
let opened: OpenStore

beforeEach(async () => {
  metrics = await metricsUnderTest()
  mode = new ModeHolder()
  opened = await openStore(
    { backend: 'memory', nodeId: 'n1' },
    { logger: new Logger('storage'), metrics, mode, signals: new Signals(), levels: new ServiceLevels() },
  )
})

describe('the store of a server', () => {
  test('counts the appends and reads that go through it, and not those that go past it', async () => {
    await opened.store.append(OPENED)
    await opened.bare.append(OPENED)
    await opened.store.find(1)
    await opened.bare.find(1)
    for await (const _ of opened.store.read({}));
    const text = await metrics.text()
    expect(text).toContain('lighthouse_events_appended_total{agent_id="a1",event_type="opened"} 1')
    expect(text).toContain('lighthouse_events_read_total 3')
    expect(text).toContain('lighthouse_head_position 2')
    expect(text).toContain('lighthouse_log_bytes 0')
  })

  test('refuses appends while the mode does, answers what is stored already, and goes on reading', async () => {
    const first = await opened.store.append({ ...OPENED, key: 'k' })
    mode.enter({ ...FIRST_MODE, mode: 'EMERGENCY', cause: 'disk_full' }, 'the disk is full')
    for (const request of [OPENED, { ...OPENED, key: 'other' }]) {
      await expect(opened.store.append(request)).rejects.toMatchObject({ code: 'MODE_FORBIDS', retryAfterSeconds: 5 })
    }
    expect(await opened.store.append({ ...OPENED, key: 'k' })).toEqual({ ...first, duplicate: true })
    expect([opened.store.head(), (await opened.store.find(1))?.type]).toEqual([1, 'opened'])
    mode.enter(FIRST_MODE, '')
    expect(await opened.store.append(OPENED)).toMatchObject({ firstPosition: 2 })
  })

  test('takes in EMERGENCY what the service writes about itself, and what is for the emergency', async () => {
    mode.enter({ ...FIRST_MODE, mode: 'EMERGENCY', cause: 'manual' }, 'an operator said so')
    const service = { author: { agentId: SERVICE_AGENT } }
    const note = (stream: string) => ({ ...service, events: [{ type: 'noted', stream, data: {} }] })
    expect(await opened.store.append(note('$degradation'))).toMatchObject({ firstPosition: 1 })
    expect(await opened.store.append(note('$security'))).toMatchObject({ firstPosition: 2 })
    await expect(opened.store.append(note('$projections'))).rejects.toMatchObject({ code: 'MODE_FORBIDS' })
    expect(await opened.store.append(OPENED, { inEveryMode: true })).toMatchObject({ firstPosition: 3 })
  })

  test('takes one append in ten, then every other one, while it recovers', async () => {
    const taken = async () => {
      const before = opened.store.head()
      await Promise.allSettled(Array.from({ length: 100 }, () => opened.store.append(OPENED)))
      return opened.store.head() - before
    }
    for (const [share, expected] of [10, 50, 100].entries()) {
      mode.enter({ ...FIRST_MODE, mode: 'RECOVERING', share }, 'little by little')
      expect(Math.abs((await taken()) - expected)).toBeLessThanOrEqual(1)
    }
  })
})
