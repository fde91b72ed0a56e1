// Gives a history to the checker, a program in Go that stands on Porcupine, and sums up what it says of each part.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Line } from './history.js'

const CHECKER = resolve('node_modules/.cache/live-judges/bin/porcupine')
const sources = join(import.meta.dirname, 'checker')
const madeAt = (path: string) => statSync(path).mtimeMs

/** A checker that is older than its source judges by other models. */
export const hasChecker =
  existsSync(CHECKER) && readdirSync(sources).every(name => madeAt(join(sources, name)) <= madeAt(CHECKER))

export interface Verdict {
  readonly model: string
  readonly part: string
  readonly operations: number
  /** `Unknown` where it ran out of time. */
  readonly verdict: 'Ok' | 'Illegal' | 'Unknown'
}

export async function check(lines: readonly Line[]): Promise<readonly Verdict[]> {
  const checker = spawn(CHECKER, { stdio: ['pipe', 'pipe', 'inherit'] })
  checker.stdin.end(lines.map(line => `${JSON.stringify(line)}\n`).join(''))
  const [said, [code]] = await Promise.all([text(checker.stdout), once(checker, 'close')])
  if (code !== 0) throw new Error(`the checker ended with ${code}`)
  return JSON.parse(said)
}

export interface Counts {
  readonly operations: number
  readonly unanswered: number
  readonly parts: number
  readonly refused: readonly string[]
  readonly undecided: number
}

/** By model. */
export function countsOf(lines: readonly Line[], verdicts: readonly Verdict[]): Readonly<Record<string, Counts>> {
  const models = [...new Set(verdicts.map(({ model }) => model))]
  return Object.fromEntries(
    models.map(model => {
      const parts = verdicts.filter(verdict => verdict.model === model)
      const asked = lines.filter(line => line.model === model)
      const of = (kind: Verdict['verdict']) => parts.filter(({ verdict }) => verdict === kind)
      const counts = {
        operations: requestsOf(asked),
        unanswered: requestsOf(asked.filter(({ output }) => output === null)),
        parts: parts.length,
        refused: of('Illegal').map(({ part }) => part),
        undecided: of('Unknown').length,
      }
      return [model, counts]
    }),
  )
}

/** A take is a line in the history of each event that it may have been of. */
function requestsOf(lines: readonly Line[]): number {
  return new Set(lines.map(({ client, call }) => `${client} ${call}`)).size
}
