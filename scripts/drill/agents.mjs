// Agents that append without end to one address, whatever happens behind it, and keep a ledger of what was acknowledged.
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { Lighthouse } from '../../client/dist/node/lighthouse.js'
import { Ledger } from '../../client/dist/testing/ledger.js'

export const AGENTS = 4
const PAUSE_MS = 10
/** Longer than a start of the server on a busy machine. */
const PATIENCE_MS = 60_000
const PATIENT = { attempts: 1_000, firstDelayMs: 50, longestDelayMs: 200 }

/** The address that agents know, as a Service of a cluster is: it stays, and leads to the server that runs. */
class Address {
  port = undefined
  sockets = new Set()

  static async open() {
    const address = new Address()
    address.listener = createServer(socket => address.lead(socket)).listen(0, '127.0.0.1')
    await once(address.listener, 'listening')
    address.url = `http://127.0.0.1:${address.listener.address().port}`
    return address
  }

  lead(socket) {
    this.keep(socket)
    if (this.port === undefined) return socket.destroy()
    const behind = this.keep(connect(this.port, '127.0.0.1'))
    socket.pipe(behind).pipe(socket)
    socket.once('close', () => behind.destroy())
    behind.once('close', () => socket.destroy())
  }

  keep(socket) {
    this.sockets.add(socket)
    socket.once('close', () => this.sockets.delete(socket))
    // A connection that breaks is what the drill is about.
    return socket.on('error', () => undefined)
  }

  close() {
    this.listener.close()
    for (const socket of this.sockets) socket.destroy()
  }
}

export class Agents {
  ledger = new Ledger()
  #made = 0
  #working = []
  #stopped = false
  #heard = Promise.withResolvers()
  #lastAnswer = 0
  #longestWait = 0

  static async begin(token) {
    const agents = new Agents()
    agents.address = await Address.open()
    agents.lighthouse = new Lighthouse({ url: agents.address.url, token, retry: PATIENT })
    return agents
  }

  /** From now on they reach this server. */
  reach(server) {
    this.address.port = Number(new URL(server.url).port)
  }

  go() {
    this.#stopped = false
    this.#lastAnswer = performance.now()
    this.#working = Array.from({ length: AGENTS }, (_, agent) => this.#work(agent))
    for (const work of this.#working) work.catch(error => this.#heard.resolve(error))
  }

  /** Resolves when what they have begun is answered. */
  async rest() {
    this.#stopped = true
    await Promise.all(this.#working)
  }

  end() {
    this.#stopped = true
    this.address.close()
  }

  /** Resolves when so many more were acknowledged. */
  async append(count) {
    const wanted = this.ledger.acknowledgedCount + count
    const tooLate = pause(PATIENCE_MS, new Error('nothing is acknowledged any more'), { ref: false })
    while (this.ledger.acknowledgedCount < wanted) {
      const failure = await Promise.race([this.#heard.promise, tooLate])
      if (failure !== undefined) throw failure
    }
  }

  /** The longest time without any answer while they worked, since this was asked last. */
  longestWaitMs() {
    const longest = Math.round(this.#longestWait)
    this.#longestWait = 0
    return longest
  }

  /** What the server has beside what was acknowledged. */
  compare() {
    return this.ledger.compare(this.lighthouse.read({ streams: 'drill/*' }))
  }

  /** What a restored store does not have; what it has after all is not stored twice, for the key is the same. */
  async sendAgain(refs) {
    for (const ref of refs) await this.#append(ref)
  }

  async #work(agent) {
    while (!this.#stopped) {
      await this.#append(`${agent}-${this.#made++}`)
      const now = performance.now()
      this.#longestWait = Math.max(this.#longestWait, now - this.#lastAnswer)
      this.#lastAnswer = now
      this.#heard.resolve()
      this.#heard = Promise.withResolvers()
      await pause(PAUSE_MS)
    }
  }

  async #append(ref) {
    this.ledger.begin(ref)
    const event = { type: 'DrillStep', stream: `drill/${ref.split('-')[0]}`, data: {}, metadata: { ref } }
    this.ledger.acknowledge(ref, await this.lighthouse.append(event, { key: `drill-${ref}` }))
  }
}
