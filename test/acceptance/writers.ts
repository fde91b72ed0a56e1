// Writers that append one event after the other until they are told to end, and know which of them were acknowledged.
import { strictEqual } from 'node:assert'
import { Lighthouse } from '../../client/src/node/lighthouse.js'
import { TOKEN } from './operator.js'

const WRITERS = 8
const STREAM = 'acceptance/writers'

export class Writers {
  private readonly stored = new Set<string>()
  private next = 0

  get acknowledged(): number {
    return this.stored.size
  }

  /** Resolves when all of them have ended; what fails is begun by nobody again. */
  async write(url: string, signal: AbortSignal): Promise<void> {
    const lighthouse = new Lighthouse({ url, token: TOKEN, retry: false })
    const writer = async () => {
      while (!signal.aborted) {
        const name = `${this.next++}`
        const event = { type: 'Written', stream: STREAM, data: { name, filler: 'x'.repeat(1_000) } }
        try {
          await lighthouse.append(event, { signal })
          this.stored.add(name)
        } catch {
          // The server is gone, or refuses: whether it is stored nobody knows, so nobody counts on it.
        }
      }
    }
    await Promise.all(Array.from({ length: WRITERS }, writer))
  }

  /** All that was acknowledged is there once. */
  async mustBeThere(lighthouse: Lighthouse): Promise<void> {
    const left = new Set(this.stored)
    let doubled = 0
    const seen = new Set<string>()
    for await (const { data } of lighthouse.read({ streams: STREAM })) {
      const name = data['name'] as string
      if (seen.has(name)) doubled++
      seen.add(name)
      left.delete(name)
    }
    strictEqual(left.size, 0, `${left.size} acknowledged events are missing, ${[...left][0]} among them`)
    strictEqual(doubled, 0)
  }
}
