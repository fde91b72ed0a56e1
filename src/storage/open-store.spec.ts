// The store as a server uses it: an append asks the mode first, and what passes is counted.

import { beforeEach, describe, expect, test } from '@jest/globals'
import { Logger } from '@nestjs/common'
import { metricsUnderTest } from '../../test/support/metrics-under-test.js'
import { StoreError } from '../contract/errors.js'
import { ModeHolder } from '../degradation/mode-holder.js'
import type { Metrics } from '../metrics/metrics.js'
import { type OpenStore, openStore } from './open-store.js'

Logger.overrideLogger(false)

const OPENED = { events: [{ type: 'opened', stream: 'orders', data: {} }], author: { agentId: 'a1' } }

let metrics: Metrics
let mode: ModeHolder
let opened: OpenStore

beforeEach(async () => {
  metrics = await metricsUnderTest()
  mode = new ModeHolder()
  opened = await openStore({ backend: 'memory', nodeId: 'n1' }, { logger: new Logger('storage'), metrics, mode })
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
    expect(text).toContain('lighthouse_disk_usage_bytes 0')
  })

  test('refuses appends while the mode does, and goes on reading', async () => {
    await opened.store.append(OPENED)
    mode.refusal = new StoreError('READ_ONLY', 'an operator said so')
    await expect(opened.store.append(OPENED)).rejects.toBe(mode.refusal)
    expect([opened.store.head(), (await opened.store.find(1))?.type]).toEqual([1, 'opened'])
    mode.refusal = undefined
    expect(await opened.store.append(OPENED)).toMatchObject({ firstPosition: 2 })
  })

  test('says EMERGENCY once its backend takes no appends', async () => {
    await opened.store.close()
    expect(mode.current).toBe('EMERGENCY')
    await expect(opened.store.append(OPENED)).rejects.toMatchObject({ code: 'CLOSED' })
  })
})
