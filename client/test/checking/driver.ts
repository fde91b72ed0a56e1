// The client for Node as the checker drives it: writers, a follow, reads and a consumer, each saying what it was told.
import { createInterface } from 'node:readline'
import { type AppendedBatch, Lighthouse, LighthouseError, type RecordedEvent } from '../../src/node/lighthouse.js'
import type { Order } from './client-process.js'

/** Patient enough for a restart of the server, and swift enough for a check. */
const RETRY = { attempts: 100, firstDelayMs: 10, longestDelayMs: 250 }
const STREAMS = 'check/*'
const GROUP = 'checked'

/** More than a client sends as plain requests at once: these go over a socket. */
const AT_ONCE = 10

const stopped = new AbortController()
const finished = new AbortController()

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

function placed({ id, position }: RecordedEvent): object {
  return { id, position }
}

/** Appends until it is to stop. What it appends is named by marks, so that one that is stored twice is seen. */
async function write(
  name: string,
  append: (marks: readonly string[]) => Promise<Pick<AppendedBatch, 'events' | 'duplicate'>>,
  size: number,
): Promise<void> {
  for (let count = 0; !stopped.signal.aborted; count++) {
    const marks = Array.from({ length: size }, (_, at) => `${name}-${count}.${at}`)
    try {
      const { events, duplicate } = await append(marks)
      say({ acknowledged: { marks, events, duplicate } })
    } catch (error) {
      if (!(error instanceof LighthouseError)) throw error
      say({ failed: { marks, code: error.code, outcome: error.outcome } })
    }
  }
}

/** Through `crowded` many appends at once, through `client` those that are alone or by an appender. */
async function writers(client: Lighthouse, crowded: Lighthouse): Promise<void> {
  const event = (stream: string, mark: string) => ({ type: 'checked', stream: `check/${stream}`, data: { mark } })
  const appender = client.appender({ inFlight: 8 })
  let revision: number | 'none' = 'none'
  const piped = async ([mark = '']: readonly string[]) => {
    const appended = await appender.append(event('piped', mark))
    return { events: [appended], duplicate: appended.duplicate }
  }
  const atOnce = async ([mark = '']: readonly string[]) => {
    const appended = await crowded.append(event('at-once', mark))
    return { events: [appended], duplicate: appended.duplicate }
  }
  await Promise.all([
    ...Array.from({ length: AT_ONCE }, (_, at) => write(`at-once-${at}`, atOnce, 1)),
    // Each waits for the revision it made itself: an append that was stored twice, or lost, would be a conflict.
    write(
      'chained',
      async ([mark = '']) => {
        const appended = await client.append(event('chained', mark), { expectedRevision: revision })
        revision = appended.revision
        return { events: [appended], duplicate: appended.duplicate }
      },
      1,
    ),
    write('batched', marks => client.append(marks.map((mark, at) => event(`batched/${at}`, mark))), 3),
    write('piped-1', piped, 1),
    write('piped-2', piped, 1),
  ])
  await appender.close()
  say({ stopped: true })
}

async function follow(client: Lighthouse): Promise<void> {
  const following = client.follow({
    streams: STREAMS,
    after: 'start',
    signal: finished.signal,
    onInterrupted: ({ code }) => say({ interrupted: code }),
  })
  for await (const event of following) {
    say({ followed: placed(event) })
    seen('follow', event.position)
  }
}

async function read(client: Lighthouse): Promise<void> {
  let after = 0
  while (!finished.signal.aborted) {
    await client.wait({ streams: STREAMS, after, timeoutSeconds: 1, limit: 1 })
    for await (const event of client.read({ streams: STREAMS, after })) {
      say({ read: placed(event) })
      after = event.position
    }
    seen('read', after)
  }
}

async function consume(client: Lighthouse): Promise<void> {
  await client.group(GROUP).consume(
    async event => {
      say({ handled: placed(event) })
    },
    { concurrency: 20, signal: finished.signal, onInterrupted: ({ code }) => say({ interrupted: code }) },
  )
}

const reached: { [who: string]: number } = { follow: 0, read: 0 }
let last = Number.POSITIVE_INFINITY
const arrived = Promise.withResolvers<void>()

function seen(who: string, position: number): void {
  reached[who] = Math.max(reached[who] ?? 0, position)
  if (Object.values(reached).every(at => at >= last)) arrived.resolve()
}

/** Deliveries whose answer was lost come again after their deadline: only then is the group through. */
async function settled(client: Lighthouse): Promise<void> {
  for (;;) {
    const { progress } = (await client.group(GROUP).status()) ?? {}
    if (progress !== undefined && progress.floor >= last && progress.inFlight + progress.retrying === 0) return
    await client.wait({ streams: STREAMS, timeoutSeconds: 1 })
  }
}

async function run(url: string, token: string): Promise<void> {
  const client = new Lighthouse({ url, token, retry: RETRY })
  await client.group(GROUP).define({ streams: STREAMS, after: 'start', ackTimeoutSeconds: 2, maxAttempts: 100 })
  const crowded = new Lighthouse({ url, token, retry: RETRY })
  const all = Promise.all([writers(client, crowded), follow(client), read(client), consume(client)])
  await Promise.race([arrived.promise, all])
  await settled(client)
  finished.abort()
  await all
  say({ finished: true })
}

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line) as Order
  if (order.do === 'begin') run(order.url, order.token).then(() => process.exit(0), fail)
  else if (order.do === 'stop') stopped.abort()
  else {
    last = order.last
    seen('follow', 0)
  }
}

function fail(error: unknown): void {
  process.stderr.write(`${(error as Error).stack}\n`)
  process.exit(1)
}
