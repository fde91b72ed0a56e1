// Runs cases of Autobahn by kosoku, a tool that knows nothing of us, and reads its verdicts.
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { withTempDirectory } from '../../support/temp-directory.js'
import { openRelay, type Relayed } from './echo-relay.js'

const KOSOKU = resolve('node_modules/.cache/live-judges/bin/kosoku')
const AT_ONCE = 16

export const hasKosoku = existsSync(KOSOKU)

export interface Verdict {
  readonly behavior: string
  readonly behaviorClose: string
}

export type Verdicts = Readonly<Record<string, Verdict>>

/**
 * The verdict of each case. A case gives up after a second, which on a busy machine is not enough for all of them at
 * once, so what failed in the crowd is judged again, one after the other.
 */
export async function judge(relayed: Relayed, cases: readonly string[]): Promise<Verdicts> {
  const verdicts = await run(relayed, cases, AT_ONCE)
  const again = refused(verdicts)
  return again.length === 0 ? verdicts : { ...verdicts, ...(await run(relayed, again, 1)) }
}

/** The cases that the rule is against. Where it leaves something open, the verdict is INFORMATIONAL. */
export function refused(verdicts: Verdicts): string[] {
  return Object.entries(verdicts)
    .filter(
      ([, { behavior, behaviorClose }]) =>
        !['OK', 'NON-STRICT', 'INFORMATIONAL'].includes(behavior) || !['OK', 'INFORMATIONAL'].includes(behaviorClose),
    )
    .map(([name]) => name)
}

function run(relayed: Relayed, cases: readonly string[], atOnce: number): Promise<Verdicts> {
  return withTempDirectory(async folder => {
    const relay = await openRelay(relayed)
    try {
      const which = cases.flatMap(glob => ['-i', glob])
      const args = ['-m', 'fuzzingclient', relay.address, ...which, '-p', `${atOnce}`, '-o', folder]
      // Its exit code says again what the verdicts say.
      await promisify(execFile)(KOSOKU, args).catch(() => undefined)
      const agents: Record<string, Verdicts> = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8'))
      return Object.values(agents)[0] ?? {}
    } finally {
      await relay.close()
    }
  })
}
