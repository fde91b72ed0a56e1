// What two threads ask and tell each other through one port, by the names of questions and notices.
import type { MessagePort, Transferable } from 'node:worker_threads'
import { StoreError } from '../contract/errors.js'
import { type PackedError, packError, unpackError } from './packed-error.js'

/** What is asked and what comes back must be values that can be cloned. */
export class ThreadQuestion<Asked, Answered> {
  /** Only for the compiler. */
  declare readonly kinds: (asked: Asked) => Answered

  constructor(readonly name: string) {}
}

/** Nobody waits for a notice, and nothing comes back. */
export class ThreadNotice<Told> {
  /** Only for the compiler. */
  declare readonly kind: (told: Told) => void

  constructor(readonly name: string) {}
}

interface Reply {
  readonly id: number
  readonly value?: unknown
  readonly error?: PackedError
}

type Message =
  | { readonly ask: string; readonly id: number; readonly value: unknown }
  | { readonly tell: string; readonly value: unknown }
  | Reply

interface Waiting {
  resolve(value: unknown): void
  reject(error: Error): void
}

/** Messages arrive in the order in which they were sent. What comes before anybody answers or hears it waits for them. */
export class ThreadCalls {
  private readonly handlers = new Map<string, (value: unknown) => unknown>()
  private readonly early = new Map<string, (() => void)[]>()
  private readonly waiting = new Map<number, Waiting>()
  private readonly whenGone = new Set<() => void>()
  private asked = 0
  private isGone = false

  constructor(private readonly port: MessagePort) {
    port.on('message', (message: Message) => this.take(message))
    port.once('close', () => this.end())
  }

  /** Answers the question from now on. What `by` throws or rejects with is thrown to whoever asks. */
  answer<Asked, Answered>(
    question: ThreadQuestion<Asked, Answered>,
    by: (asked: Asked) => Answered | Promise<Answered>,
  ): void {
    this.handle(question.name, by as (value: unknown) => unknown)
  }

  /** Hears the notice from now on. */
  hear<Told>(notice: ThreadNotice<Told>, by: (told: Told) => void): void {
    this.handle(notice.name, by as (value: unknown) => unknown)
  }

  /** Rejects with STORAGE_UNAVAILABLE when the other thread is gone. `moved` is gone from here when this returns. */
  ask<Asked, Answered>(
    { name }: ThreadQuestion<Asked, Answered>,
    asked: Asked,
    moved: readonly Transferable[] = [],
  ): Promise<Answered> {
    if (this.isGone) return Promise.reject(gone())
    const id = ++this.asked
    this.send({ ask: name, id, value: asked }, moved)
    return new Promise<unknown>((resolve, reject) => {
      this.waiting.set(id, { resolve, reject })
    }) as Promise<Answered>
  }

  tell<Told>({ name }: ThreadNotice<Told>, told: Told, moved: readonly Transferable[] = []): void {
    if (!this.isGone) this.send({ tell: name, value: told }, moved)
  }

  /** `then` is called once when the other thread is gone. Returns how to take that back. */
  onGone(then: () => void): () => void {
    this.whenGone.add(then)
    return () => this.whenGone.delete(then)
  }

  close(): void {
    this.port.close()
  }

  private send(message: Message, moved: readonly Transferable[]): void {
    this.port.postMessage(message, moved as Transferable[])
  }

  private handle(name: string, by: (value: unknown) => unknown): void {
    if (this.handlers.has(name)) throw new Error(`two parts of one thread answer or hear ${name}`)
    this.handlers.set(name, by)
    const early = this.early.get(name) ?? []
    this.early.delete(name)
    for (const take of early) take()
  }

  private take(message: Message): void {
    if ('ask' in message) this.handled(message.ask, by => void this.answered(message.id, () => by(message.value)))
    else if ('tell' in message) this.handled(message.tell, by => void by(message.value))
    else this.settle(message)
  }

  private handled(name: string, take: (by: (value: unknown) => unknown) => void): void {
    const by = this.handlers.get(name)
    if (by !== undefined) {
      take(by)
      return
    }
    const early = this.early.get(name) ?? []
    this.early.set(name, early)
    early.push(() => this.handled(name, take))
  }

  private async answered(id: number, work: () => unknown): Promise<void> {
    try {
      this.send({ id, value: await work() }, [])
    } catch (error) {
      this.send({ id, error: packError(error) }, [])
    }
  }

  private settle({ id, value, error }: Reply): void {
    const waiting = this.waiting.get(id)
    this.waiting.delete(id)
    if (error === undefined) waiting?.resolve(value)
    else waiting?.reject(unpackError(error))
  }

  private end(): void {
    this.isGone = true
    for (const { reject } of this.waiting.values()) reject(gone())
    this.waiting.clear()
    for (const then of this.whenGone) then()
    this.whenGone.clear()
  }
}

function gone(): StoreError {
  return new StoreError('STORAGE_UNAVAILABLE', 'the other thread is gone')
}
