// Gives back to the system what the start has needed and nothing needs any more: about 35 of 150 MB, for 90 ms.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

type Collect = (how: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void

/** Left alone, V8 keeps the room in which a thousand modules were compiled. To be called before anybody is served. */
export function giveBackStartMemory(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as Collect
  setFlagsFromString('--no-expose-gc')
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}
