// Tells several listeners what the backend tells one, and how metrics and mode follow from it.
import type { Observer } from '../contract/observer.js'
import type { ModeHolder } from '../degradation/mode-holder.js'
import type { Metrics } from '../metrics/metrics.js'

/** The verbs are known: a new one does not compile until it stands here. */
export function toAll(observers: readonly Observer[]): Required<Observer> {
  const each = <Fact>(verb: keyof Observer) => {
    const heard = observers.flatMap(observer => {
      const told = observer[verb] as ((fact: Fact) => void) | undefined
      return told === undefined ? [] : [told]
    })
    return (fact: Fact) => {
      for (const tell of heard) tell(fact)
    }
  }
  return {
    ...{ appended: each('appended'), recovered: each('recovered'), damaged: each('damaged') },
    ...{ writeState: each('writeState'), rotated: each('rotated'), archived: each('archived') },
    ...{ retired: each('retired'), scrubbed: each('scrubbed'), noticed: each('noticed') },
  }
}

/** One observation a sync, not one an event. */
export function metricsObserver(metrics: Metrics): Observer {
  return {
    appended: ({ syncMs }) => metrics.syncDuration.observe(syncMs / 1_000),
    scrubbed: ({ damaged }) => {
      metrics.scrubs.inc({ result: damaged === 0 ? 'good' : 'damaged' })
      if (damaged === 0) metrics.lastGoodScrub.set(Date.now() / 1_000)
    },
  }
}

export function modeObserver(mode: ModeHolder): Observer {
  return {
    writeState: ({ writable }) => {
      mode.current = writable ? 'NORMAL' : 'EMERGENCY'
    },
  }
}
