// Ledgers that stay beside a store that goes on, so that a later part of a long run finds what earlier parts have stored.
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Lighthouse } from '#client'
import { checkLedger, type LedgerCheck, storedAt } from './check-ledger.js'
import { EventSource, type Made } from './event-source.js'
import { LEDGER_ROW_BYTES, SendLedger } from './send-ledger.js'

/** What a source is made of once more, written before anything is sent. */
interface KeptSource {
  readonly base: string
  readonly made: Made
}

/** What an earlier part has stored, as it is now. */
export interface Rechecked extends LedgerCheck {
  readonly part: number
  readonly generator: string
}

const PART = /^part-(\d+)$/
const LEDGER = /^(.+)\.ledger$/

/** Makes the directory of the next part. */
export function nextPart(directory: string): { readonly number: number; readonly directory: string } {
  const number = partsIn(directory).length + 1
  const own = join(directory, `part-${number}`)
  mkdirSync(own)
  return { number, directory: own }
}

export function newLedger(source: EventSource, directory: string, name: string): SendLedger {
  const { base, made } = source
  writeFileSync(join(directory, `${name}.json`), JSON.stringify({ base, made } satisfies KeptSource))
  return new SendLedger(source, join(directory, `${name}.ledger`), 'new')
}

/** Looks for all that the parts before this one have stored; a part that broke off is one too. */
export async function recheck(directory: string, before: number, lighthouse: Lighthouse): Promise<Rechecked[]> {
  const found: Rechecked[] = []
  for (const part of partsIn(directory).filter(number => number < before)) {
    const own = join(directory, `part-${part}`)
    for (const file of readdirSync(own)) {
      const generator = LEDGER.exec(file)?.[1]
      if (generator === undefined || !existsSync(join(own, `${generator}.json`))) continue
      const { base, made } = JSON.parse(readFileSync(join(own, `${generator}.json`), 'utf8')) as KeptSource
      const path = join(own, file)
      // Rows that were never begun are empty, and the last page has some.
      const source = new EventSource(base, made, Math.floor(statSync(path).size / LEDGER_ROW_BYTES))
      const ledger = new SendLedger(source, path, 'again')
      ledger.forgetFound()
      found.push({ part, generator, ...(await checkLedger(ledger, source, storedAt(lighthouse, base))) })
      ledger.close()
    }
  }
  return found
}

function partsIn(directory: string): readonly number[] {
  const parts = readdirSync(directory).flatMap(name => PART.exec(name)?.[1] ?? [])
  return parts.map(Number).sort((one, other) => one - other)
}
