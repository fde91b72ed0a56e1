// Passes what the backend reports to the log, at the level an operator would want, and to the metrics.
import type { Logger } from '@nestjs/common'
import type { Observer } from '../contract/observer.js'
import type { Metrics } from '../metrics/metrics.js'
import type { ServiceLevels } from '../monitors/service-levels.js'
import type { Signals } from '../signals/signals.js'

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
    cleanedUp: archive => logger.warn({ ...archive, message: 'an archive is removed to make room; the backup has it' }),
    restored: segment => logger.warn({ ...segment, message: 'a damaged segment is put back from the backup' }),
    hung: ({ hung, ms }) => {
      if (hung) logger.error({ ms, message: 'a write does not come back; the store takes no appends' })
      else logger.warn({ ms, message: 'the write that hung has come back' })
    },
    scrubbed: pass => {
      const message = pass.damaged === 0 ? 'all sealed segments are sound' : 'the check of sealed segments found damage'
      if (pass.damaged === 0) logger.log({ ...pass, message })
      else logger.error({ ...pass, message })
    },
    warned: note => logger.warn({ ...note, message: note.what }),
  }
}

const CAUSE_OF = {
  corrupt: 'integrity',
  disk_full: 'disk_full',
  failed_sync: 'storage_failed',
  lost_ownership: 'lost_ownership',
} as const

/**
 * Tells of a store that takes no appends. A closed one is no trouble: the process is about to end. That stored bytes were
 * damaged is over when an operator says so, though the store may be whole again before.
 */
export function signalsObserver(signals: Signals): Observer {
  return {
    writeState: state => {
      if (!state.writable && state.reason === 'closed') return
      const now = state.writable ? undefined : CAUSE_OF[state.reason as keyof typeof CAUSE_OF]
      for (const cause of new Set(Object.values(CAUSE_OF))) {
        if (cause !== now && cause !== 'integrity')
          signals.tell({ cause, level: 'ok', detail: 'The store takes appends.', metrics: {} })
      }
      if (now !== undefined) signals.tell({ cause: now, level: 'critical', detail: SENTENCES[now], metrics: {} })
    },
    restored: () => {
      const detail = 'damaged bytes were put back from the backup, and an operator has to look at the disk'
      signals.tell({ cause: 'integrity', level: 'critical', detail, metrics: {} })
    },
    hung: ({ hung, ms }) => {
      const detail = hung ? 'a write to the disk does not come back' : 'the write that hung has come back'
      signals.tell({ cause: 'storage_hung', level: hung ? 'critical' : 'ok', detail, metrics: { write_ms: ms } })
    },
  }
}

/** These reach clients, so they name no file. */
const SENTENCES = {
  integrity: 'stored bytes are damaged, and an operator has to look',
  disk_full: 'the disk is full',
  lost_ownership: 'another server owns the data directory',
  storage_failed: 'a write to the disk failed, and only a new start of the server tells what it holds',
}

/** A duration is observed once for each sync, not once for each event. */
export function metricsObserver(metrics: Metrics, levels: ServiceLevels): Observer {
  return {
    appended: ({ events, syncMs }) => {
      metrics.syncs.observe(syncMs / 1_000)
      metrics.batches.observe(events)
      levels.done('sync', syncMs)
      levels.durable()
    },
    cleanedUp: () => metrics.archivesRemoved.inc(),
    restored: () => metrics.segmentsRestored.inc(),
    scrubbed: ({ damaged }) => {
      metrics.scrubs.inc({ result: damaged === 0 ? 'good' : 'damaged' })
      if (damaged === 0) metrics.lastGoodScrub.set(Date.now() / 1_000)
    },
  }
}
