// What a front thread is started with, and what it and the writer say of its life.
import type { MessagePort } from 'node:worker_threads'
import type { Settings } from '../config/settings.js'
import type { LogPort } from '../threads/this-thread.js'
import { ThreadNotice, ThreadQuestion } from '../threads/thread-calls.js'

/** What a front thread is started with. */
export interface FrontThreadData {
  readonly settings: Settings
  readonly number: number
  readonly calls: MessagePort
  readonly log: LogPort
  /** What all threads limit together. */
  readonly limits: SharedArrayBuffer
  /** The time that the writer judges tokens by, which the clock of the machine may be behind by now. */
  readonly tokenTimeMs: number
}

/** The port that is taken. */
export const LISTENING = new ThreadNotice<number>('this thread takes connections')
/** Asked before a thread listens; of a free port the first one that does decides which it is. */
export const PORT = new ThreadQuestion<void, number>('which port is ours')
export const ALIVE = new ThreadQuestion<void, void>('does the event loop of this thread run')
export const END = new ThreadQuestion<void, void>('end in order')
