// Reads server-sent events as a client does, and waits for the one a test asks for.
import { once } from 'node:events'
import { type ClientRequest, get, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'

// biome-ignore lint/suspicious/noExplicitAny: what a frame holds is what a test is about to find out.
type Frame = any

export interface SentEvent {
  readonly id: string | undefined
  readonly type: string
  readonly frame: Frame
}

export class EventSourceReader {
  readonly events: SentEvent[] = []
  readonly comments: string[] = []
  private text = ''
  private read = 0
  private isOver = false
  private wake: (() => void)[] = []

  private constructor(
    private readonly request: ClientRequest,
    private readonly answer: IncomingMessage,
  ) {
    answer.setEncoding('utf8')
    answer.on('data', (text: string) => this.take(text))
    answer.on('error', () => undefined)
    answer.on('close', () => {
      this.isOver = true
      this.wakeAll()
    })
  }

  /** Fails when the answer is not a stream. */
  static async open(url: string, headers: Readonly<Record<string, string>>): Promise<EventSourceReader> {
    const request = get(url, { headers: { accept: 'text/event-stream', ...headers }, agent: false })
    const [answer] = (await once(request, 'response')) as [IncomingMessage]
    request.on('error', () => undefined)
    if (answer.statusCode !== 200) throw new Error(`the server answered ${answer.statusCode}`)
    return new EventSourceReader(request, answer)
  }

  get headers(): IncomingHttpHeaders {
    return this.answer.headers
  }

  get over(): boolean {
    return this.isOver
  }

  pause(): void {
    this.answer.pause()
  }

  resume(): void {
    this.answer.resume()
  }

  close(): void {
    this.request.destroy()
  }

  /** The next event of this type that was not looked at before. */
  async until(type: string): Promise<SentEvent> {
    for (;;) {
      while (this.read < this.events.length) {
        const event = this.events[this.read++] as SentEvent
        if (event.type === type) return event
      }
      if (this.isOver) throw new Error(`the stream ended before ${type}`)
      await this.more()
    }
  }

  async all(type: string, count: number): Promise<SentEvent[]> {
    for (;;) {
      const found = this.events.filter(event => event.type === type)
      if (found.length >= count) return found
      if (this.isOver) throw new Error(`the stream ended after ${found.length} of ${count} ${type}`)
      await this.more()
    }
  }

  async ended(): Promise<void> {
    while (!this.isOver) await this.more()
  }

  more(): Promise<void> {
    return new Promise(resolve => this.wake.push(resolve))
  }

  private take(text: string): void {
    const parts = (this.text + text).split('\n\n')
    this.text = parts.pop() as string
    for (const part of parts) {
      if (part.startsWith(':')) this.comments.push(part)
      else this.events.push(eventOf(part))
    }
    this.wakeAll()
  }

  private wakeAll(): void {
    const { wake } = this
    this.wake = []
    for (const one of wake) one()
  }
}

function eventOf(part: string): SentEvent {
  const fields = new Map(
    part.split('\n').map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  )
  return { id: fields.get('id'), type: fields.get('event') ?? '', frame: JSON.parse(fields.get('data') ?? 'null') }
}
