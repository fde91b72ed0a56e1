// Clients that append under conditions, repeat themselves under keys, and read, all upon the same few streams.
import { type Random } from '../../support/random.js'
import type { Input, Line, LogEvent, Output } from './history.js'
import type { Answer, TriedServer } from './tried-server.js'

/** So many operations of one family of streams are one history: the checker's work grows with its length. */
const OF_A_FAMILY = 60
const FAMILIES = 3
const KEYS = 6

/** What a client knows of a family, which others may have made untrue since. */
interface Known {
  readonly revisions: Record<string, number>
  last: number
}

export class LogClients {
  private readonly families = Array.from({ length: FAMILIES }, (_, i) => ({ name: `f${i}`, operations: 0 }))
  private made = FAMILIES
  private refs = 0

  constructor(
    private readonly server: TriedServer,
    private readonly lines: Line[],
  ) {}

  /** One client, until it is told that it is over. */
  async work(client: number, random: Random, isOver: () => boolean): Promise<void> {
    const known = new Map<string, Known>()
    while (!isOver()) {
      const family = this.family(random)
      const knows = known.get(family) ?? { revisions: {}, last: 0 }
      known.set(family, knows)
      if (random.chance(0.4)) await this.read(client, family, this.someRead(family, random), knows)
      else await this.append(client, family, this.someAppend(family, random, knows))
    }
  }

  /** By which it becomes known what became of appends that were not answered. */
  async readAll(client: number): Promise<void> {
    for (let i = 0; i < this.made; i++) {
      await this.read(client, `f${i}`, { op: 'read', tag: `f${i}` }, { revisions: {}, last: 0 })
    }
  }

  private family(random: Random): string {
    const at = random.below(FAMILIES)
    const family = this.families[at] as { name: string; operations: number }
    if (family.operations++ < OF_A_FAMILY) return family.name
    this.families[at] = { name: `f${this.made++}`, operations: 1 }
    return this.family(random)
  }

  private someRead(family: string, random: Random): Input {
    return random.chance(0.5) ? { op: 'read', tag: family } : { op: 'read', stream: `${family}/${random.below(2)}` }
  }

  private someAppend(family: string, random: Random, { revisions, last }: Known): Input {
    const stream = `${family}/${random.below(2)}`
    const slot = `${family}:${random.below(3)}`
    const event = (ref: string, on = stream): LogEvent => ({ ref, stream: on, tags: [family, slot] })
    const way = random.below(4)
    if (way === 0) {
      // The same key is now and then that of another request.
      const key = `${family}-${random.below(KEYS)}`
      const body = `${key}-${random.chance(0.9) ? 'same' : 'other'}`
      const fixed = { ref: body, stream: `${family}/0`, tags: [family, `${family}:0`] }
      return { op: 'append', key, body, events: [fixed] }
    }
    const ref = `${family}-r${this.refs++}`
    const expectations = [{ stream, revision: revisions[stream] ?? -1 }]
    const condition = { tags: [slot], after: random.chance(0.7) ? last : 0 }
    if (way === 1) return { op: 'append', events: [event(ref)], expectations }
    if (way === 2) return { op: 'append', events: [event(ref)], condition }
    const other = `${family}/${stream.endsWith('0') ? 1 : 0}`
    const both = [...expectations, { stream: other, revision: revisions[other] ?? -1 }]
    return { op: 'append', events: [event(ref), event(`${ref}b`, other)], expectations: both, condition }
  }

  private async append(client: number, family: string, input: Input): Promise<void> {
    const { events = [], expectations = [], condition, key } = input
    const body = {
      events: events.map(({ ref, stream, tags }) => ({ type: 'judged.event', stream, tags, data: { ref } })),
      expectations: expectations.map(({ stream, revision }) => ({
        stream,
        expectedRevision: revision === -1 ? 'none' : revision,
      })),
      ...(condition && {
        condition: { failIfEventsMatch: { items: [{ tags: condition.tags }] }, after: condition.after },
      }),
    }
    const { answer, ...times } = await this.server.ask('POST', '/v1/events/batch', body, key)
    this.keep({ part: family, client, call: times.call, return: times.return, input }, answer && appendOutput(answer))
  }

  private async read(client: number, family: string, input: Input, knows: Known): Promise<void> {
    const { stream, tag } = input
    const which = stream === undefined ? `tag=${tag}` : `stream=${stream}`
    const { answer, ...times } = await this.server.ask('GET', `/v1/events?${which}&limit=1000`)
    const output = answer && readOutput(answer)
    this.keep({ part: family, client, call: times.call, return: times.return, input }, output)
    if (output === undefined || stream !== undefined) return
    knows.last = output.events?.at(-1)?.position ?? 0
    for (const { stream: on } of answer?.body.events ?? []) knows.revisions[on] = -1
    for (const { stream: on } of answer?.body.events ?? []) knows.revisions[on] = (knows.revisions[on] as number) + 1
  }

  private keep(line: Omit<Line, 'model' | 'output'>, output: Output | undefined): void {
    this.lines.push({ model: 'log', ...line, output: output ?? null })
  }
}

interface SentViolation {
  readonly kind: 'revision' | 'condition'
  readonly stream?: string
  readonly actual?: number
  readonly position?: number
}

/** Undefined when nothing is known by it. */
function appendOutput({ status, body }: Answer): Output | undefined {
  if (status === 201 || status === 200)
    return { result: body.duplicate ? 'duplicate' : 'stored', first: body.firstPosition }
  if (status === 422 && body.code === 'KEY_REUSED') return { result: 'reused' }
  if (status !== 409) return undefined
  const violations = (body.violations as SentViolation[]).map(({ stream, actual, position }) => ({
    ...(stream !== undefined && { stream, actual }),
    ...(position !== undefined && { position }),
  }))
  return { result: 'conflict', violations }
}

function readOutput({ status, body }: Answer): Output | undefined {
  if (status !== 200) return undefined
  const events = body.events as { data: { ref: string }; position: number }[]
  return { events: events.map(({ data, position }) => ({ ref: data.ref, position })) }
}
