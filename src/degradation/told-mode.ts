// The mode of the service as front threads know it: the writer moves it and tells them.
import { type ThreadCalls, ThreadNotice } from '../threads/thread-calls.js'
import type { ModeHolder } from './mode-holder.js'
import type { ModeState } from './next-mode.js'

interface ToldMode {
  readonly state: ModeState
  readonly why: string
  readonly memoryIsShort: boolean
}

const MODE = new ThreadNotice<ToldMode>('the mode of the service')

/** Tells a front thread of the mode there is, and of each that comes. Returns how to end that. */
export function tellMode(mode: ModeHolder, front: ThreadCalls): () => void {
  const { pressure } = mode
  const tell = () => front.tell(MODE, { state: mode.state, why: mode.reason, memoryIsShort: pressure.memoryIsShort })
  const leave = mode.listenToAll(tell)
  pressure.listen(tell)
  tell()
  return () => {
    leave()
    pressure.unlisten(tell)
  }
}

export function hearMode(mode: ModeHolder, writer: ThreadCalls): void {
  writer.hear(MODE, ({ state, why, memoryIsShort }) => {
    mode.pressure.tell({ memoryIsShort })
    mode.enter(state, why)
  })
}
