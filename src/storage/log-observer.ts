// Tells the log what the backend tells its observer, at the level an operator would want to see it.
import type { Logger } from '@nestjs/common'
import type { Observer } from '../contract/observer.js'

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
    noticed: note => logger.warn({ ...note, message: note.what }),
  }
}
