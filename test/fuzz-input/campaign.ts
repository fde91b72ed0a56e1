// A campaign of odd inputs against the real server: so many at once, beside a client that behaves and must notice nothing.
import { Random } from '../support/random.js'
import { RunningServer } from '../support/running-server.js'
import { exchangeFrames, exchangeRequest } from './exchange.js'
import { HealthyClient } from './healthy-client.js'
import { Odd } from './odd.js'
import { type OddStream, oddStream } from './odd-frames.js'
import { type OddRequest, oddRequest } from './odd-requests.js'
import { type Sample, samplesOf } from './samples.js'

const AT_ONCE = 8
/** So many servers are started anew after one has ended, and so many faults told; then it is enough. */
const FAULTS_MAX = 10
const LIMITLESS = { requestsPerMinute: 1e9, eventsPerMinute: 1e9, bytesPerMinute: 1e12, batch: 1_000 }
const ROLES = ['guest', 'agent', 'expert_agent', 'system_agent', 'admin']

export interface Plan {
  readonly seed: number
  /** Frames and requests to be sent. */
  readonly frames: number
  readonly requests: number
  readonly untilMs: number
  /** One input alone, by its number. */
  readonly only?: number | undefined
}

export interface Fault {
  readonly what: string
  /** The number of the input; the seed makes it again. */
  readonly input: number
  readonly bytes: number
  readonly shown: string
}

export interface Counts {
  frames: number
  requests: number
  connections: number
  appendedBeside: number
  restarts: number
}

type Input = { readonly request: OddRequest } | { readonly stream: OddStream }

export class Campaign {
  readonly counts: Counts = { frames: 0, requests: 0, connections: 0, appendedBeside: 0, restarts: 0 }
  readonly faults: Fault[] = []
  private readonly samples: readonly Sample[] = samplesOf()
  private readonly underWay = new Set<number>()
  /** An answer can come before the end that follows from what was asked. */
  private readonly recent: number[] = []
  private server!: RunningServer
  private healthy!: HealthyClient
  private readonly blamed = new WeakSet<RunningServer>()
  private next = 0

  constructor(private readonly plan: Plan) {}

  async run(): Promise<void> {
    await this.start()
    try {
      const { only } = this.plan
      if (only !== undefined) await this.sendAlone(only)
      else await this.sendAll()
    } finally {
      await this.stop()
    }
  }

  private async sendAlone(number: number): Promise<void> {
    await this.send(number)
    await this.server.settled()
    if (!this.server.running) await this.blame(this.server, number, undefined)
  }

  /** Each ending of the server begins a new round. */
  private async sendAll(): Promise<void> {
    for (;;) {
      const worker = async () => {
        while (!this.isOver && this.server.running) await this.send(this.next++)
      }
      await Promise.all(Array.from({ length: AT_ONCE }, worker))
      if (this.server.running || this.isOver) return
      this.counts.restarts++
      await this.start()
    }
  }

  private get isOver(): boolean {
    const { frames, requests } = this.counts
    const done = frames >= this.plan.frames && requests >= this.plan.requests
    // However slow the machine is, some of each are sent.
    const some = frames > 0 || this.plan.frames === 0
    const begun = some && (requests > 0 || this.plan.requests === 0)
    return done || (begun && performance.now() >= this.plan.untilMs) || this.faults.length >= FAULTS_MAX
  }

  /** The same number is the same input, whatever was sent before it. */
  private inputOf(number: number): Input {
    const odd = new Odd(new Random(this.plan.seed * 1_000_003 + number))
    const { frames, requests } = this.plan
    // Streams send three or four frames each.
    const share = requests / Math.max(1, requests + frames / 3.5)
    if (odd.random.next() < share) return { request: oddRequest(odd, this.samples) }
    return { stream: oddStream(odd) }
  }

  private async send(number: number): Promise<void> {
    const input = this.inputOf(number)
    const from = `127.${1 + (number % 250)}.${(number >> 8) % 250}.${1 + ((number >> 16) % 250)}`
    const { server } = this
    this.underWay.add(number)
    const fault =
      'request' in input
        ? await exchangeRequest({ url: server.url, from }, input.request)
        : await exchangeFrames({ url: server.url, from }, input.stream)
    if (!server.running || fault !== undefined) await this.blame(server, number, fault)
    this.underWay.delete(number)
    this.recent[this.counts.connections % AT_ONCE] = number
    this.count(input)
  }

  private count(input: Input): void {
    this.counts.connections++
    if ('request' in input) this.counts.requests++
    else this.counts.frames += input.stream.frames.length
  }

  /** Of those under way when the server ended, the one that ends a fresh server by itself. */
  private async blame(server: RunningServer, number: number, fault: string | undefined): Promise<void> {
    // The end of the process is told to us a moment after the end of its connections.
    if (fault !== undefined && /ended|answered|ECONN|EPIPE/.test(fault)) await server.settled()
    if (server.running) {
      this.tell(number, fault as string)
      return
    }
    if (this.blamed.has(server)) return
    this.blamed.add(server)
    const words = messageOf(server.lines.findLast(line => FAILED.test(line)))
    const suspects = [...this.underWay, ...this.recent].sort(
      (a, b) => bytesOf(this.inputOf(a)) - bytesOf(this.inputOf(b)),
    )
    for (const suspect of suspects) {
      if (!(await this.endsAlone(suspect))) continue
      this.tell(suspect, `THE SERVER ENDED: ${words}`)
      return
    }
    this.tell(suspects[0] as number, `THE SERVER ENDED, by more than one of inputs ${suspects.join(', ')}: ${words}`)
  }

  private async endsAlone(suspect: number): Promise<boolean> {
    const alone = await RunningServer.start(QUOTAS)
    try {
      const input = this.inputOf(suspect)
      const endpoint = { url: alone.url, from: '127.0.0.1' }
      if ('request' in input) await exchangeRequest(endpoint, input.request)
      else await exchangeFrames(endpoint, input.stream)
      await alone.settled()
      return !alone.running
    } finally {
      await alone.stop()
    }
  }

  private tell(number: number, what: string): void {
    const input = this.inputOf(number)
    const shown =
      'request' in input ? input.request.bytes : Buffer.concat([input.stream.handshake, ...input.stream.said])
    this.faults.push({ what, input: number, bytes: bytesOf(input), shown: shownOf(shown) })
  }

  private async start(): Promise<void> {
    if (this.server !== undefined) await this.stop()
    this.server = await RunningServer.start(QUOTAS)
    this.healthy = await HealthyClient.beside(this.server)
  }

  private async stop(): Promise<void> {
    const fault = this.server.running ? await this.healthy.end() : undefined
    this.counts.appendedBeside += this.healthy.appended
    if (fault !== undefined) this.faults.push({ what: `the client beside: ${fault}`, input: -1, bytes: 0, shown: '' })
    const pid = this.server.running ? undefined : this.server.pid
    for (const line of this.server.lines.filter(one => FAILED.test(one))) {
      // What ended a server has been told with the input that did it.
      if (pid === undefined)
        this.faults.push({ what: `logged: ${messageOf(line)}`, input: -1, bytes: 0, shown: line.slice(0, 600) })
    }
    await this.server.stop()
  }
}

const FAILED = /"level":"(fatal|error)"/
const QUOTAS = { LIGHTHOUSE_QUOTAS: JSON.stringify(Object.fromEntries(ROLES.map(role => [role, LIMITLESS]))) }

function bytesOf(input: Input): number {
  return 'request' in input
    ? input.request.bytes.length
    : input.stream.said.reduce((sum, { length }) => sum + length, 0)
}

function shownOf(bytes: Buffer): string {
  const text = JSON.stringify(bytes.toString('utf8'))
  return text.length <= 1_200 ? text : `${text.slice(0, 900)}… (${bytes.length} bytes)`
}

function messageOf(line: string | undefined): string {
  if (line === undefined) return 'no last words'
  const words = /"message":"((?:[^"\\]|\\.)*)"/.exec(line)?.[1] ?? ''
  const reason = /"(?:error|err)":\{[^}]*?"message":"((?:[^"\\]|\\.)*)"/.exec(line)?.[1]
  return reason === undefined ? words.slice(0, 300) : `${words}: ${reason}`.slice(0, 300)
}
