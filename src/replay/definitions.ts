// The definitions of one kind, for a service: the book is opened once, changed by one after the other, and opened anew when it may not say what the log does.
import { StoreError } from '../contract/errors.js'
import type { EventStore } from '../contract/event-store.js'
import { bytesOf } from './check-definition.js'
import { Book, type BookKind, type Version } from './definition-book.js'
import { DEFINITION_LIMITS } from './definition-limits.js'

export interface Defined<T> {
  readonly version: Version<T>
  readonly isNew: boolean
}

export interface Bounds<T> {
  readonly noun: string
  readonly most: number
  /** Throws when one more like this is one too many; `others` are in force beside it. */
  readonly check?: (definition: T, others: readonly Version<T>[]) => void
}

export class Definitions<T extends object> {
  /** Called after every change; also when it is not known what is in force. */
  readonly listeners = new Set<() => void>()
  private opened: Promise<Book<T>> | undefined
  private turn: Promise<unknown> = Promise.resolve()

  constructor(
    private readonly store: EventStore,
    private readonly kind: BookKind,
    private readonly bounds: Bounds<T>,
  ) {}

  book(): Promise<Book<T>> {
    if (this.opened !== undefined) return this.opened
    const opening = Book.read<T>(this.store, this.kind)
    this.opened = opening
    // What cannot be read now may be readable later.
    opening.catch(() => {
      if (this.opened === opening) this.opened = undefined
    })
    return opening
  }

  /** The same again makes no version. */
  define(name: string, definition: T, by: string): Promise<Defined<T>> {
    return this.inTurn(async book => {
      const before = book.find(name)
      if (before !== undefined && JSON.stringify(before.definition) === JSON.stringify(definition)) {
        return { version: before, isNew: false }
      }
      this.checkRoom(book, name, definition)
      const version = await this.written(book.define(name, definition, by))
      return { version, isNew: before === undefined }
    })
  }

  /** Answers whether there was something to delete. */
  remove(name: string, by: string): Promise<boolean> {
    return this.inTurn(async book => {
      if (book.find(name) === undefined) return false
      await this.written(book.remove(name, by))
      return true
    })
  }

  /** What is in force stays as it is: nobody has to hear of it. */
  rewrite(): Promise<void> {
    return this.inTurn(book => book.rewrite())
  }

  private inTurn<R>(work: (book: Book<T>) => Promise<R>): Promise<R> {
    const done = this.turn.then(async () => work(await this.book()))
    this.turn = done.catch(() => undefined)
    return done
  }

  private async written<R>(writing: Promise<R>): Promise<R> {
    try {
      return await writing
    } catch (error) {
      // It may be stored all the same: the log knows.
      this.opened = undefined
      throw error
    } finally {
      for (const listener of this.listeners) listener()
    }
  }

  private checkRoom(book: Book<T>, name: string, definition: T): void {
    const { noun, most, check } = this.bounds
    const { togetherBytes } = DEFINITION_LIMITS
    const before = book.find(name)
    const others = book.current.filter(other => other.name !== name)
    if (others.length >= most) throw tooMany(`There are ${most} ${noun} already, and a server has no more.`)
    const bytes = book.size - (before === undefined ? 0 : bytesOf(before.definition)) + bytesOf(definition)
    if (bytes > togetherBytes) throw tooMany(`All ${noun} together may take ${togetherBytes} bytes as JSON.`)
    check?.(definition, others)
  }
}

export function tooMany(detail: string): StoreError {
  return new StoreError('TOO_MANY_DEFINITIONS', detail)
}
