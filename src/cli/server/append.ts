// `lighthouse append`: one event from the arguments, or many as lines of JSON from a file or standard input.
import { createReadStream } from 'node:fs'
import type { Appended, ExpectedRevision, NewEvent, StreamEvent } from '#client'
import type { Terminal } from '../command.js'
import { EXIT } from '../exit.js'
import { amount } from '../print-verify.js'
import { Usage } from '../usage-error.js'
import type { Wish } from './address.js'
import { numberFrom, objectOf } from './options.js'
import { PATIENT, type Server, withServer } from './server.js'

interface AppendWish extends Wish {
  readonly stream?: string
  readonly tag?: readonly string[]
  readonly metadata?: string
  readonly correlation?: string
  readonly causation?: string
  readonly session?: string
  readonly 'schema-version'?: string
  readonly 'expected-revision'?: string
  readonly key?: string
  readonly file?: string
  readonly json?: boolean
}

type Stored = Pick<Appended, 'id' | 'position' | 'stream' | 'revision'>

/** The lines of one append; each append is stored whole or not at all. */
const LINES_AT_ONCE = 100
/** More than a server takes of an event, in characters: what is no lines would be kept until the memory ends. */
const LONGEST_LINE = 16e6

export async function append(words: readonly string[], wish: AppendWish, terminal: Terminal): Promise<number> {
  const [type, data, ...more] = words
  if (more.length > 0)
    throw new Usage(`it takes a type and its data, and not also ${more.join(' ')}; --stream names the stream`)
  const fromLines = wish.file ?? (type === '-' ? '-' : undefined)
  if (fromLines !== undefined && (data !== undefined || (type !== undefined && type !== '-')))
    throw new Usage('events come from the arguments or from lines, not from both')
  if (fromLines === undefined) return appendOne(type, data, wish, terminal)
  const single = (['key', 'expected-revision'] as const).find(option => wish[option] !== undefined)
  if (single !== undefined) throw new Usage(`--${single} is for one event, not for lines`)
  return appendLines(fromLines, wish, terminal)
}

async function appendOne(
  type: string | undefined,
  data: string | undefined,
  wish: AppendWish,
  terminal: Terminal,
): Promise<number> {
  if (type === undefined) throw new Usage('a type is missing, such as TaskDone; or - for lines on standard input')
  if (wish.stream === undefined) throw new Usage('--stream is missing: the stream to append to')
  const event: StreamEvent = {
    type,
    data: data === undefined ? {} : objectOf(data, 'the data'),
    ...detailsOf(wish),
  }
  const stream = wish.stream
  const options = { key: wish.key, expectedRevision: revisionOf(wish['expected-revision']) }
  const stored = await withServer(wish, terminal, ({ lighthouse }) => lighthouse.appendTo(stream, event, options))
  await terminal.out(wish.json ? JSON.stringify(stored) : inWords(stored))
  return EXIT.clean
}

function detailsOf(wish: AppendWish) {
  const { tag, metadata, correlation, causation, session } = wish
  return {
    tags: tag,
    metadata: metadata === undefined ? undefined : objectOf(metadata, '--metadata'),
    correlationId: correlation,
    causationId: causation,
    sessionId: session,
    schemaVersion: numberFrom('schema-version', wish['schema-version']),
  }
}

function revisionOf(text: string | undefined): ExpectedRevision | undefined {
  if (text === undefined) return undefined
  if (text === 'any' || text === 'none' || text === 'exists') return text
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new Usage('--expected-revision takes a revision, or none, exists or any')
}

function inWords({ position, stream, revision, id }: Stored): string {
  return `stored at position ${position}, as revision ${revision} of ${stream}, id ${id}`
}

async function appendLines(source: string, wish: AppendWish, terminal: Terminal): Promise<number> {
  const input = source === '-' ? (terminal.input ?? process.stdin) : createReadStream(source)
  let stored = 0
  try {
    const work = async (server: Server) => {
      for await (const events of batchesOf(input, wish)) stored += await appendBatch(server, events, wish, terminal)
    }
    await withServer(wish, terminal, work, PATIENT)
  } catch (error) {
    if (stored > 0) terminal.err(`Stored before that: ${amount(stored, 'event')}`)
    throw error
  }
  if (!wish.json) terminal.err(`${amount(stored, 'event')} stored`)
  return EXIT.clean
}

async function appendBatch(
  { lighthouse }: Server,
  events: readonly NewEvent[],
  wish: AppendWish,
  terminal: Terminal,
): Promise<number> {
  const answer = await lighthouse.append(events)
  await terminal.out(answer.events.map(stored => (wish.json ? JSON.stringify(stored) : inWords(stored))).join('\n'))
  return answer.events.length
}

/** What has come is appended before more is awaited, so that a slow pipe is as prompt as a file is fast. */
async function* batchesOf(input: AsyncIterable<Buffer | string>, wish: AppendWish): AsyncGenerator<NewEvent[]> {
  const decoder = new TextDecoder()
  let rest = ''
  let count = 0
  const eventsIn = (lines: readonly string[]) =>
    lines.flatMap(line => {
      count++
      return line.trim() === '' ? [] : [eventOf(line, count, wish)]
    })
  for await (const chunk of input) {
    const lines = (rest + (typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }))).split('\n')
    rest = lines.pop() ?? ''
    yield* inBatches(eventsIn(lines))
    if (rest.length > LONGEST_LINE)
      throw new Usage(`line ${count + 1} is longer than ${LONGEST_LINE / 1e6} MB, and an event is one line`)
  }
  yield* inBatches(eventsIn([rest]))
}

function* inBatches(events: readonly NewEvent[]): Generator<NewEvent[]> {
  for (let at = 0; at < events.length; at += LINES_AT_ONCE) yield events.slice(at, at + LINES_AT_ONCE)
}

function eventOf(line: string, number: number, wish: AppendWish): NewEvent {
  const given = objectOf(line, `line ${number}`)
  const stream = given['stream'] ?? wish.stream
  if (typeof stream !== 'string') throw new Usage(`line ${number} names no stream: give it one, or --stream for all`)
  const details = Object.entries(detailsOf(wish)).filter(([, value]) => value !== undefined)
  return { ...Object.fromEntries(details), ...given, stream } as unknown as NewEvent
}
