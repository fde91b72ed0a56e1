// The test files of MessagePack, by Yusuke Kawasaki: values and every way to write each, as a part of an append.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from '@jest/globals'
import { EventsModule } from '../../src/events/events.module.js'
import { useServer } from '../support/http-server-under-test.js'
import { ACCEPTED, fateOf, REFUSED } from './append.js'
import { type ByDesign, hold, type Judged, judgeAt, unlessHere } from './judge.js'

const without = unlessHere('judges-of-npm')
// skip: the test files are not here; the name of the test says so
const withFiles = without === '' ? test : test.skip
const server = useServer(EventsModule)

/** A value under the name of its kind, and its spellings in hexadecimal. */
type Example = { readonly msgpack: readonly string[] } & Readonly<Record<string, unknown>>

withFiles(`MessagePack's test files: every spelling of what JSON has is stored as its value${without}`, async () => {
  const judged: Promise<Judged>[] = []
  const byDesign: Record<string, ByDesign[string]> = {}
  for (const [file, examples] of Object.entries(examplesOf())) {
    for (const example of examples) {
      for (const spelling of example.msgpack) {
        const name = `${file} ${spelling}`
        judged.push(judge(name, spelling, example))
        const because = whyRefused(example)
        if (because !== undefined) byDesign[name] = { got: REFUSED, because }
      }
    }
  }
  hold('MessagePack', await Promise.all(judged), byDesign)
})

function examplesOf(): Readonly<Record<string, readonly Example[]>> {
  const file = join(judgeAt('judges-of-npm') as string, 'msgpack-test-suite', 'dist', 'msgpack-test-suite.json')
  return JSON.parse(readFileSync(file, 'utf8'))
}

/** An event is JSON to those who ask for JSON, so MessagePack is taken as far as JSON can say the same. */
function whyRefused(example: Example): string | undefined {
  for (const kind of ['binary', 'timestamp', 'ext']) if (kind in example) return `JSON has no ${kind}`
  const { bignum } = example as { bignum?: string }
  if (bignum !== undefined && BigInt(Number(bignum)) !== BigInt(bignum)) return 'no double holds this number'
  return undefined
}

async function judge(name: string, spelling: string, example: Example): Promise<Judged> {
  const packed = Buffer.from(spelling.replaceAll('-', ''), 'hex')
  const { verdict, value } = await fateOf(server, 'application/msgpack', appendOf(packed))
  const isOther = verdict === ACCEPTED && JSON.stringify(value) !== JSON.stringify(meaningOf(example))
  return { name, expected: ACCEPTED, got: isOther ? `stored as ${JSON.stringify(value)}` : verdict }
}

function meaningOf({ msgpack: _, bignum, ...kinds }: Example): unknown {
  if (bignum !== undefined) return Number(bignum)
  const [value] = Object.values(kinds)
  return value
}

/** A map of three, whose `data` is a map of one. */
function appendOf(packed: Buffer): Buffer {
  const text = (said: string) => Buffer.concat([Buffer.of(0xa0 + said.length), Buffer.from(said)])
  const named = [text('type'), text('Judged'), text('stream'), text('judged'), text('data')]
  return Buffer.concat([Buffer.of(0x83), ...named, Buffer.of(0x81), text('value'), packed])
}
