// Keeps appends over HTTP in time while more come than the server can take: what would wait too long is refused before its body is read.
import type { FastifyInstance } from 'fastify'
import { StoreError } from '../contract/errors.js'

const APPENDS: ReadonlySet<string | undefined> = new Set(['/v1/events', '/v1/events/batch'])
/** How long is looked at before the next decision. */
const WINDOW_MS = 100
/** So many may be under way in any case: fewer would leave the disk idle between two. */
const LEAST = 4
/** What is let in grows by at most so much from one window to the next. */
const GROWTH = 1.25

/**
 * How many may be under way follows from how long they take on average (Little's law): where that is longer than it may
 * be, as many as are answered in that time. Once nobody had to be refused for a window, nobody is.
 */
export class AppendAdmission {
  private most = Number.POSITIVE_INFINITY
  private underWay = 0
  private answered = 0
  private refused = 0
  /** Milliseconds that all those under way have waited together in this window. */
  private waited = 0
  private seen: number
  private begun: number

  constructor(
    private readonly longestMs: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.begun = this.seen = now()
  }

  /** Whether one more may come; `leave` has to be called when one that may is over. */
  enter(): boolean {
    this.pass()
    if (this.underWay >= this.most) {
      this.refused++
      return false
    }
    this.underWay++
    return true
  }

  leave(): void {
    this.pass()
    this.underWay--
    this.answered++
  }

  register(fastify: FastifyInstance): void {
    const leave = () => this.leave()
    fastify.addHook('onRequest', (request, reply, done) => {
      if (request.method !== 'POST' || !APPENDS.has(request.routeOptions.url)) return done()
      if (!this.enter()) return done(new StoreError('OVERLOADED', `${this.underWay} appends are under way`))
      // Also where the caller is gone before the answer.
      reply.raw.once('close', leave)
      done()
    })
  }

  private pass(): void {
    const now = this.now()
    this.waited += this.underWay * (now - this.seen)
    this.seen = now
    const ms = now - this.begun
    if (ms < WINDOW_MS) return
    this.decide(ms)
    this.begun = now
    this.waited = this.answered = this.refused = 0
  }

  private decide(ms: number): void {
    const averageMs = this.answered === 0 ? this.waited : this.waited / this.answered
    if (averageMs > this.longestMs)
      this.most = Math.max(LEAST, Math.floor((this.waited / ms) * (this.longestMs / averageMs)))
    else if (this.refused === 0) this.most = Number.POSITIVE_INFINITY
    else this.most = Math.ceil(this.most * GROWTH)
  }
}
