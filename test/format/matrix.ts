// The harms tried on a small store and the verdicts on them: counted, compared, and the wrong ones told by kind.

import { must, trail } from '../crash/ack-journal.js'
import { tell } from '../support/effort.js'
import type { FakeDisk } from '../support/fake-disk.js'
import type { SmallStore } from './small-store.js'
import { judge, type Verdict } from './verdict.js'

/** What a harm must come to. */
export interface Expected {
  readonly kind: Verdict['kind']
  /** Positions that may be told as damaged; every other one must be right. */
  readonly damaged: readonly number[]
  /** Positions that must be gone, because nothing proves that they had been durable. */
  readonly absent: readonly number[]
}

export const SOUND: Expected = { kind: 'sound', damaged: [], absent: [] }

export class Matrix {
  tried = 0
  readonly verdicts: Record<string, number> = {}
  readonly wrong: string[] = []

  async hold(
    what: string,
    store: SmallStore,
    expected: Expected,
    harm: (disk: FakeDisk) => void | Promise<void>,
  ): Promise<Verdict | undefined> {
    const disk = store.disk.clone()
    await harm(disk)
    this.tried++
    try {
      const verdict = await judge(disk, store)
      this.verdicts[verdict.kind] = (this.verdicts[verdict.kind] ?? 0) + 1
      compare(verdict, expected)
      return verdict
    } catch (error) {
      this.wrong.push(`${store.name}, ${what}: ${trail(error).split('\n').slice(0, 12).join('\n')}`)
      return undefined
    }
  }

  report(gate: string): void {
    tell(gate, { tried: this.tried, ...this.verdicts, wrong: this.wrong.length })
    const reasons = new Map<string, string[]>()
    for (const text of this.wrong) {
      const reason = text.replace(/^.*?: /, '').split('\n')[0] as string
      const kind = reason.replace(/\d+/g, 'n')
      reasons.set(kind, [...(reasons.get(kind) ?? []), text])
    }
    const told = [...reasons].map(
      ([kind, texts]) => `${texts.length} × ${kind}\n  first: ${texts[0]}\n  last: ${texts.at(-1)?.split('\n')[0]}`,
    )
    must(told.length === 0, () => told.join('\n'))
    must(this.tried > 0, () => 'this gate proved nothing')
  }
}

function compare(verdict: Verdict, { kind, damaged, absent }: Expected): void {
  const said = `${verdict.kind} ${verdict.code ?? ''} ${verdict.fates.join(' ')} ${JSON.stringify(verdict.damaged)}`
  must(verdict.kind === kind, () => `verdict ${verdict.kind} instead of ${kind}: ${said}`)
  verdict.fates.forEach((fate, at) => {
    const position = at + 1
    if (absent.includes(position))
      must(fate === 'absent', () => `position ${position} is ${fate}, and nothing proves it: ${said}`)
    else if (!damaged.includes(position)) must(fate === 'right', () => `position ${position} is ${fate}: ${said}`)
    else must(fate !== 'absent', () => `position ${position} is missing in silence: ${said}`)
  })
}

export function positions(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => from + at)
}
