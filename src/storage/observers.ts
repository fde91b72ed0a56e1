// Passes what the backend reports to the log, at the level an operator would want, and to the metrics.
import type { Logger } from '@nestjs/common'
import type { Observer } from '../contract/observer.js'
import type { Metrics } from '../metrics/metrics.js'

export function logObserver(logger: Logger): Observer {
  return {
    recovered: recovery => logger.log({ ...recovery, message: 'the log is recovered' }),
    damaged: range => logger.error({ ...range, message: 'stored bytes are damaged; run lighthouse verify' }),
    writeState: state => {
      if (state.writable) logger.log('the store takes appends again')
      else if (state.reason === 'closed') logger.log('the store is closed')
      else logger.error({ reason: state.reason, detail: state.detail, message: 'the store takes no appends' })
    },
    rotated: segment => logger.log({ ...segment, message: 'a segment is sealed' }),
    archived: segment => logger.log({ ...segment, message: 'a segment is archived' }),
    retired: segment => logger.log({ ...segment, message: 'a segment is retired' }),
    warned: note => logger.warn({ ...note, message: note.what }),
  }
}

/** A duration is observed once for each sync, not once for each event. */
export function metricsObserver(metrics: Metrics): Observer {
  return {
    appended: ({ syncMs }) => metrics.syncDuration.observe(syncMs / 1_000),
    scrubbed: ({ damaged }) => {
      metrics.scrubs.inc({ result: damaged === 0 ? 'good' : 'damaged' })
      if (damaged === 0) metrics.lastGoodScrub.set(Date.now() / 1_000)
    },
  }
}
