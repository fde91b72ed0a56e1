// A process with few descriptors that uses them all up under an open store, gives them back, and prints what the store said meanwhile.
import { closeSync, openSync } from 'node:fs'
import { type EmbeddedStore, openEmbedded } from '../../src/backends/embedded/embedded-store.js'
import { everything } from './tiny-store.js'

/** What the spec that starts this process reads on its output. */
export interface HogReport {
  readonly stored: number
  readonly codesWithout: readonly string[]
  readonly readWithout: string
  readonly codesAfter: readonly string[]
  readonly readAfter: number
  readonly openedWithout: string
  readonly readReopened: number
  readonly writable: boolean
  readonly damaged: number
}

const options = { directory: process.argv[2] ?? '', nodeId: 'n1', segmentBytes: 8_192, openFiles: 4, idleMarkMs: 5 }
let stored = 0

function codeOf(error: unknown): string {
  return String((error as { code?: unknown }).code)
}

async function append(store: EmbeddedStore, count: number): Promise<string[]> {
  const answers: string[] = []
  for (let i = 0; i < count; i++) {
    const event = { type: 'told', stream: `s${i % 3}`, data: { filler: 'x'.repeat(700) } }
    await store.append({ events: [event], author: { agentId: 'a1' } }).then(
      () => {
        stored++
        answers.push('stored')
      },
      error => answers.push(codeOf(error)),
    )
  }
  return answers
}

/** Every descriptor there is; the result gives them back. */
function takeAll(): () => void {
  const taken: number[] = []
  for (;;) {
    try {
      taken.push(openSync('/dev/null', 'r'))
    } catch (error) {
      if (codeOf(error) !== 'EMFILE') throw error
      return () => {
        for (const descriptor of taken) closeSync(descriptor)
      }
    }
  }
}

async function live(): Promise<HogReport> {
  let store = await openEmbedded(options)
  await append(store, 60)
  let giveBack = takeAll()
  const codesWithout = await append(store, 40)
  const readWithout = await everything(store).then(events => `${events.length}`, codeOf)
  giveBack()
  const codesAfter = await append(store, 40)
  const readAfter = (await everything(store)).length
  await store.close()
  giveBack = takeAll()
  const openedWithout = await openEmbedded(options).then(() => 'opened', codeOf)
  giveBack()
  store = await openEmbedded(options)
  const readReopened = (await everything(store)).length
  const { write, damaged } = store.status()
  await store.close()
  const seen = { stored, codesWithout, readWithout, codesAfter, readAfter, openedWithout, readReopened }
  return { ...seen, writable: write.writable, damaged: damaged.length }
}

console.log(JSON.stringify(await live()))
