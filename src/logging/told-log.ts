// The log of a front thread: its lines go to the writer, because two threads that write to one pipe break lines apart.
import { type ThreadCalls, ThreadNotice } from '../threads/thread-calls.js'
import type { LogOutput } from './logger.js'

const LINES = new ThreadNotice<readonly string[]>('lines of the log')

/** A message for each line would cost a request as much as some of its checks. */
const GATHER_LINES = 500
const GATHER_MS = 100

/** What a thread that is killed has said within the last tenth of a second is lost. */
export function toldOutput(writer: ThreadCalls): LogOutput & { flushSync(): void } {
  let lines: string[] = []
  const pass = () => {
    if (lines.length > 0) writer.tell(LINES, lines)
    lines = []
  }
  setInterval(pass, GATHER_MS).unref()
  process.once('exit', pass)
  return {
    write: line => {
      lines.push(line)
      if (lines.length >= GATHER_LINES) pass()
    },
    flushSync: pass,
    flushed: async () => pass(),
  }
}

export function hearLog(output: LogOutput, front: ThreadCalls): void {
  front.hear(LINES, lines => {
    for (const line of lines) output.write(line)
  })
}
