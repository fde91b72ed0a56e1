// The front threads of a process as its writer keeps them: started, joined to it, looked after, replaced and ended.
import { createServer, type Server } from 'node:net'
import { availableParallelism } from 'node:os'
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import type { Logger } from 'pino'
import { AuthOptions } from '../auth/auth-options.js'
import { Denials, hearDenials } from '../auth/denials.js'
import { tellRevocations } from '../auth/revocations.js'
import { Tickets } from '../auth/tickets.js'
import { TokenVerifier } from '../auth/token-verifier.js'
import type { Settings } from '../config/settings.js'
import { ModeHolder } from '../degradation/mode-holder.js'
import { tellMode } from '../degradation/told-mode.js'
import { ThreadConsumers } from '../groups/websocket/thread-consumers.service.js'
import type { LogOutput } from '../logging/logger.js'
import { hearLog } from '../logging/told-log.js'
import { Metrics } from '../metrics/metrics.js'
import { Monitors } from '../monitors/monitors.service.js'
import { Signals } from '../signals/signals.js'
import { hearSignals } from '../signals/told-signals.js'
import type { Followers } from '../storage/followers.js'
import { OpenStore } from '../storage/open-store.js'
import { Draining } from '../streaming/draining.service.js'
import { SharedLimits } from '../threads/shared-limits.js'
import { ThreadCalls } from '../threads/thread-calls.js'
import { ALIVE, END, type FrontThreadData, LISTENING, PORT } from './front-thread-words.js'
import type { HttpAdapter } from './http-server.js'
import { RelayedRequests } from './relay/relayed-requests.js'

/** A thread that ends so often before it takes connections will not take any. */
const MOST_TRIES = 5
const TRY_AGAIN_MS = 1_000
const LOOK_EVERY_MS = 1_000

/** What nobody shall go on from, because all is ending. */
const NEVER = new Promise<never>(() => undefined)

/** What listens everywhere is reached here at this address. */
const ANY_ADDRESS: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '[::1]' }

/** How many front threads there shall be; 0 where one thread does everything. */
export function frontThreadsOf({ threads }: Settings, cores = availableParallelism()): number {
  const wanted = threads === 'auto' ? Math.max(1, cores - 1) : threads
  return wanted === 1 ? 0 : wanted
}

/** Whether this system shares a port between several listeners. */
export async function portCanBeShared(): Promise<boolean> {
  try {
    await listenOnce({ port: 0, host: '127.0.0.1', reusePort: true })
    return true
  } catch {
    return false
  }
}

/**
 * Takes the port as nobody else may have it, and gives it back for the threads: they share it with each other, and so
 * they would with a second server. Throws what listening throws.
 */
export async function claimPort({ port, host }: Pick<Settings, 'port' | 'host'>): Promise<void> {
  // A free one is nobody's.
  if (port !== 0) await listenOnce({ port, host })
}

function listenOnce(where: { port: number; host: string; reusePort?: boolean }): Promise<void> {
  return new Promise((resolve, reject) => {
    const server: Server = createServer()
    server.once('error', reject)
    server.listen(where, () => void server.close(() => resolve()))
  })
}

interface Surroundings {
  readonly settings: Settings
  readonly logger: Logger
  readonly output: LogOutput
  /** Called when the process cannot go on without front threads. */
  fail(error: unknown): void
}

interface Front {
  readonly worker: Worker
  readonly calls: ThreadCalls
  readonly exited: Promise<void>
  /** Whether it takes connections. */
  listens: boolean
}

export class FrontThreads {
  private readonly fronts = new Map<number, Front>()
  private readonly followers: Followers
  private readonly limits: SharedLimits
  private readonly settings: Settings
  /** Known when the first of them listens. */
  private readonly port = Promise.withResolvers<number>()
  private listensAt = 0
  private ending = false

  constructor(
    private readonly app: NestFastifyApplication,
    private readonly around: Surroundings,
  ) {
    // A secret that the server has made is known to this thread alone.
    const { secret = '' } = app.get(AuthOptions, { strict: false })
    this.settings = { ...around.settings, jwtSecret: secret }
    this.limits = app.get(SharedLimits, { strict: false })
    this.followers = app.get(OpenStore, { strict: false }).followers as Followers
  }

  get url(): string {
    const { host, tlsCertPath } = this.settings
    const named = ANY_ADDRESS[host] ?? (host.includes(':') ? `[${host}]` : host)
    return `${tlsCertPath === '' ? 'http' : 'https'}://${named}:${this.listensAt}`
  }

  /** Resolves when all of them take connections. */
  async start(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, (_, at) => this.startOne(at + 1)))
  }

  /** Each answers what it has begun. Starts that are under way neither fail nor come to an end. */
  async end(): Promise<void> {
    this.ending = true
    const ended = [...this.fronts.values()].map(({ worker, calls, exited, listens }) => {
      // Until it takes connections it has begun nothing, and would not hear of its end before it has started.
      if (listens) calls.ask(END, undefined).catch(() => undefined)
      else void worker.terminate()
      return exited
    })
    // Requests that were relayed and wait here would hold up the thread of their client.
    this.app.get(Draining, { strict: false }).begin()
    await Promise.all(ended)
  }

  private async startOne(number: number): Promise<void> {
    if (this.ending) return NEVER
    const [calls, log] = [new MessageChannel(), new MessageChannel()]
    const workerData: FrontThreadData = {
      settings: this.settings,
      number,
      calls: calls.port2,
      log: { port: log.port2, memory: this.followers.memory },
      limits: this.limits.memory,
      tokenTimeMs: this.app.get(TokenVerifier, { strict: false }).clock.now(),
    }
    const worker = new Worker(new URL('./front-thread.js', import.meta.url), {
      workerData,
      transferList: [calls.port2, log.port2],
      name: `front ${number}`,
    })
    const joined = new ThreadCalls(calls.port1)
    const relayed = RelayedRequests.serve(this.app.getHttpAdapter() as unknown as HttpAdapter, joined)
    const listening = this.listening(number, joined)
    const leave = this.join(number, joined, log.port1)
    const exited = new Promise<void>(resolve => worker.once('exit', () => resolve()))
    worker.on('error', error => this.around.logger.error({ error, thread: number }, 'a front thread failed'))
    const front: Front = { worker, calls: joined, exited, listens: false }
    this.fronts.set(number, front)
    void exited.then(() => {
      leave()
      this.fronts.delete(number)
      this.limits.forget(number)
      if (front.listens && !this.ending) void this.replace(number)
    })
    await relayed
    const failed = exited.then(() => {
      if (this.ending) return NEVER
      throw new Error(`front thread ${number} did not start`)
    })
    await Promise.race([listening, failed])
    front.listens = true
    this.lookAfter(number, joined, worker)
  }

  /** Resolves when the thread takes connections. The first to begin chooses the port, where any free one will do. */
  private listening(number: number, front: ThreadCalls): Promise<void> {
    const chooses = number === 1 && this.listensAt === 0
    front.answer(PORT, () => (chooses ? this.settings.port : this.port.promise))
    return new Promise(resolve => {
      front.hear(LISTENING, port => {
        this.listensAt = port
        this.port.resolve(port)
        resolve()
      })
    })
  }

  /** What crosses between this thread and the new one. Returns how to end that. */
  private join(number: number, front: ThreadCalls, log: MessagePort): () => void {
    const of = <T>(token: abstract new (...args: never[]) => T): T => this.app.get(token, { strict: false })
    hearLog(this.around.output, front)
    hearSignals(of(Signals), front)
    hearDenials(of(Denials), front)
    of(Tickets).answer(front)
    of(ThreadConsumers).serve(front)
    of(Metrics).join(number, front)
    of(Monitors).join(number, front)
    const leaving = [
      tellMode(of(ModeHolder), front),
      tellRevocations(of(TokenVerifier).revocations, front),
      this.followers.serve(log),
    ]
    return () => {
      for (const leave of leaving) leave()
      front.close()
    }
  }

  private async replace(number: number): Promise<void> {
    const { logger, fail } = this.around
    for (let tries = 1; !this.ending; tries++) {
      logger.error({ thread: number, tries }, 'a front thread has ended and is started anew')
      try {
        await this.startOne(number)
        return
      } catch (error) {
        if (tries >= MOST_TRIES) return fail(error)
        await new Promise(resolve => setTimeout(resolve, TRY_AGAIN_MS).unref())
      }
    }
  }

  /**
   * A thread whose loop stands still serves nobody, and its connections are better off elsewhere. No clock is looked at:
   * while the whole process is suspended, or this thread is held, no thread is asked, and none is late.
   */
  private lookAfter(number: number, calls: ThreadCalls, worker: Worker): void {
    const limitMs = this.settings.watchdogSeconds * 1_000
    if (limitMs === 0) return
    let silentLooks = 0
    const timer = setInterval(() => {
      if (silentLooks++ === 0) {
        const answered = () => {
          silentLooks = 0
        }
        calls.ask(ALIVE, undefined).then(answered, () => undefined)
      }
      if (silentLooks * LOOK_EVERY_MS <= limitMs) return
      clearInterval(timer)
      this.around.logger.error(
        { thread: number },
        `the event loop of a front thread stood still for ${limitMs / 1_000} s`,
      )
      void worker.terminate()
    }, LOOK_EVERY_MS).unref()
    calls.onGone(() => clearInterval(timer))
  }
}
