// The writer on another thread, as a follower asks it through a port, and what answers on the thread of the writer.
import type { MessagePort } from 'node:worker_threads'
import { StoreError } from '../../contract/errors.js'
import type { Position } from '../../contract/event.js'
import type { Appended, AppendTerms } from '../../contract/event-store.js'
import type { Lineage } from '../../contract/lineage.js'
import type { PreparedAppend } from '../../record/append-request.js'
import { packError, unpackError } from '../../threads/packed-error.js'
import {
  type Answer,
  monotonicMs,
  packAppend,
  type Question,
  type ToFollower,
  type ToWriter,
  unpackAppend,
  type WriterFacts,
} from './messages.js'
import type { LogWriter, WriterListener, WriterState } from './writer.js'

/** The head in memory of all threads: the only thing that is read before every request. */
export class SharedHead {
  private readonly cell: BigInt64Array

  constructor(readonly memory = new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT)) {
    this.cell = new BigInt64Array(memory)
  }

  get position(): Position {
    return Number(Atomics.load(this.cell, 0))
  }

  raise(position: Position): void {
    Atomics.store(this.cell, 0, BigInt(position))
  }
}

/** Answers the followers at the other end of the port. Returns how to leave. */
export function servePort(writer: LogWriter, port: MessagePort, head: SharedHead): () => void {
  const told = (): WriterFacts => ({ state: writer.state(), lineage: writer.lineage(), owned: writer.owned() })
  const send = (message: ToFollower) => port.postMessage(message)
  let answers: Answer[] = []
  const answer = (one: Answer) => {
    // Those of one batch come in one turn and are one message.
    if (answers.push(one) > 1) return
    queueMicrotask(() => {
      head.raise(writer.head)
      send({ answers })
      answers = []
    })
  }
  port.on('message', (questions: ToWriter) => {
    for (const question of questions) {
      const { id } = question
      answered(writer, question).then(
        appended => answer(appended === undefined ? { id } : { id, appended }),
        error => answer({ id, error: packError(error) }),
      )
    }
  })
  const leave = writer.listen({
    moved: () => {
      head.raise(writer.head)
      send({ moved: monotonicMs() })
    },
    changed: () => send({ told: told() }),
  })
  head.raise(writer.head)
  send({ told: told() })
  port.once('close', leave)
  return () => {
    leave()
    port.close()
  }
}

async function answered(writer: LogWriter, question: Question): Promise<Appended | undefined> {
  if ('append' in question) {
    const { prepared, terms } = unpackAppend(question.append)
    return writer.append(prepared, terms)
  }
  if ('settled' in question) await writer.settled(question.settled)
  else await writer.examine(question.examine)
  return undefined
}

interface Waiting {
  readonly isAppend: boolean
  resolve(appended: Appended | undefined): void
  reject(error: Error): void
}

export class PortWriter implements LogWriter {
  private readonly waiting = new Map<number, Waiting>()
  private readonly listeners = new Set<WriterListener>()
  private questions: Question[] = []
  private asked = 0
  private isGone = false

  private constructor(
    private readonly port: MessagePort,
    private readonly shared: SharedHead,
    private facts: WriterFacts,
  ) {
    port.on('message', message => this.hear(message as ToFollower))
    port.once('close', () => this.end())
  }

  /** Resolves once the writer has said what it is. */
  static async connect(port: MessagePort, memory: SharedArrayBuffer): Promise<PortWriter> {
    const { promise, resolve, reject } = Promise.withResolvers<WriterFacts>()
    const hear = ({ told }: ToFollower) => {
      if (told !== undefined) resolve(told)
    }
    const fail = () => reject(gone())
    port.on('message', hear)
    port.once('close', fail)
    const facts = await promise
    port.off('message', hear)
    port.off('close', fail)
    return new PortWriter(port, new SharedHead(memory), facts)
  }

  get head(): Position {
    return this.shared.position
  }

  state(): WriterState {
    return this.facts.state
  }

  lineage(): Lineage {
    return this.facts.lineage
  }

  owned(): boolean {
    return !this.isGone && this.facts.owned
  }

  append(prepared: PreparedAppend, terms?: AppendTerms): Promise<Appended> {
    return this.ask(id => ({ id, append: packAppend(prepared, terms) })) as Promise<Appended>
  }

  async settled(untilNs: bigint): Promise<void> {
    await this.ask(id => ({ id, settled: untilNs }))
  }

  async examine(position: Position): Promise<void> {
    // A writer that is gone has nothing to say about damage.
    await this.ask(id => ({ id, examine: position })).catch(() => undefined)
  }

  listen(listener: WriterListener): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  close(): void {
    this.port.close()
  }

  private ask(question: (id: number) => Question): Promise<Appended | undefined> {
    if (this.isGone) return Promise.reject(gone())
    const id = ++this.asked
    const one = question(id)
    if (this.questions.push(one) === 1) queueMicrotask(this.send)
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { isAppend: 'append' in one, resolve, reject })
    })
  }

  private readonly send = () => {
    const { questions } = this
    this.questions = []
    const moved = questions.flatMap(one => ('append' in one ? [one.append.payloads.buffer] : []))
    this.port.postMessage(questions satisfies ToWriter, moved)
  }

  private hear({ answers = [], moved, told }: ToFollower): void {
    if (told !== undefined) {
      this.facts = told
      for (const listener of this.listeners) listener.changed()
    }
    if (moved !== undefined) for (const listener of this.listeners) listener.moved(monotonicMs() - moved)
    for (const { id, appended, error } of answers) {
      const waiting = this.waiting.get(id)
      this.waiting.delete(id)
      if (error === undefined) waiting?.resolve(appended)
      else waiting?.reject(unpackError(error))
    }
  }

  /** What was handed over may be stored: nobody is left who knows. */
  private end(): void {
    this.isGone = true
    const lost = new StoreError('INDETERMINATE', 'the writer of the log is gone')
    for (const { isAppend, reject } of this.waiting.values()) reject(isAppend ? lost : gone())
    this.waiting.clear()
    const write = { writable: false, reason: 'closed', detail: 'the writer of the log is gone' } as const
    this.facts = { ...this.facts, state: { ...this.facts.state, write } }
  }
}

function gone(): StoreError {
  return new StoreError('STORAGE_UNAVAILABLE', 'the writer of the log is gone')
}
