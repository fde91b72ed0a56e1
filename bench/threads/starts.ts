// How long a server of so many threads takes to be ready, and what is resident then.
import { freePort } from '../../test/support/free-port.js'
import { alternate } from '../engine/figures.js'
import { residentOf, startLighthouse } from '../http/servers.js'

export interface Start {
  readonly ms: number
  readonly residentMb: number
}

export interface StartSetup {
  readonly threads: readonly number[]
  readonly rounds: number
  readonly directory: string
}

/** Of an empty directory, from the process being asked for to the first answer that it is ready. */
export async function measureStarts({ threads, rounds, directory }: StartSetup): Promise<Map<number, Start[]>> {
  const sides = Object.fromEntries(threads.map(count => [String(count), () => start(directory, count)]))
  const results = await alternate(rounds, sides)
  return new Map(threads.map(count => [count, results[String(count)] as Start[]]))
}

async function start(directory: string, threads: number): Promise<Start> {
  const env = threads === 1 ? {} : { LIGHTHOUSE_THREADS: String(threads) }
  const server = await startLighthouse({ directory, port: await freePort(), env })
  const residentMb = (residentOf(server) ?? Number.NaN) / 1024 ** 2
  await server.stop()
  return { ms: server.readyMs, residentMb }
}
