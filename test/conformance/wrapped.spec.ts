// What a server puts in front of a backend, held to the suite: it changes nothing of what a store is.

import { Logger } from '@nestjs/common'
import { ModeHolder } from '../../src/degradation/mode-holder.js'
import { ServiceLevels } from '../../src/monitors/service-levels.js'
import { Signals } from '../../src/signals/signals.js'
import { openStore } from '../../src/storage/open-store.js'
import { metricsUnderTest } from '../support/metrics-under-test.js'
import { describeStore } from './store-conformance.js'

Logger.overrideLogger(false)

describeStore(
  'the memory backend as a server opens it',
  async clocks => {
    const surroundings = {
      logger: new Logger('storage'),
      metrics: await metricsUnderTest(),
      mode: new ModeHolder(),
      signals: new Signals(),
      levels: new ServiceLevels(),
    }
    const { store } = await openStore({ backend: 'memory', nodeId: 'node-1', ...clocks }, surroundings)
    return { store, destroy: () => store.close() }
  },
  [{ id: 'volatile', reason: 'it keeps events in memory alone' }],
)
