// A server that is watched while something befalls it, and what has to hold of every trigger of the mode.
import { expect } from '@jest/globals'
import type { Cause } from '../../src/signals/signals.js'
import { WatchedServer, type Watching } from './watched-server.js'

/** From the cause to the mode, and to a page. */
const SOON_MS = 30_000
const ENOUGH_WRITES = 200
export const PATIENCE_MS = 180_000

export interface Trouble {
  /** What it may be told as: whichever is seen first. */
  readonly causes: readonly Cause[]
  readonly mode?: 'WARNING' | 'EMERGENCY'
  /** A P1 pages. */
  readonly severity?: 'P1' | 'P2'
  readonly what: string
}

export class TriggerTrial {
  private watched: WatchedServer | undefined
  private readonly leaveBehind: (() => void | Promise<void>)[] = []

  /** False where nobody asked for the minutes they take. */
  static get isAsked(): boolean {
    const isAsked = process.env['LIGHTHOUSE_TRIGGERS'] !== undefined
    if (!isAsked) process.stdout.write('triggers: not driven; LIGHTHOUSE_TRIGGERS=1 drives them, each about a minute\n')
    return isAsked
  }

  /** Once the server has ended, the last first. */
  after(leave: () => void | Promise<void>): void {
    this.leaveBehind.push(leave)
  }

  /** Resolves once its writers and its reader are under way. */
  async start(watching: Watching): Promise<WatchedServer> {
    const server = await WatchedServer.start(watching)
    this.watched = server
    await server.until(() => server.acknowledged.size >= ENOUGH_WRITES)
    return server
  }

  /** The mode and the one alert follow in time; resolves with the cause that is told. */
  async strikes(trouble: Trouble, strike: () => void | Promise<void>): Promise<Cause> {
    const { causes, what, mode = 'EMERGENCY', severity = 'P1' } = trouble
    const server = this.watched as WatchedServer
    const fromMs = performance.now()
    await strike()
    server.note(what)
    expect(await server.becomes(mode)).toBeLessThan(SOON_MS)
    const { cause, atMs } = await server.alerts.opened(severity)
    expect(causes).toContain(cause)
    expect(atMs - fromMs).toBeLessThan(SOON_MS)
    if (severity === 'P1') await server.alerts.paged(`trigger ${cause}`)
    return cause
  }

  /** One alert and its end, a page only for a P1, reads that went on, and nothing acknowledged that is lost. */
  async holds(cause: Cause, severity: 'P1' | 'P2' = 'P1'): Promise<void> {
    const server = this.watched as WatchedServer
    const { alerts } = server
    const pages = severity === 'P1' ? [`trigger ${cause}`, `resolve ${cause}`] : []
    await alerts.told(`resolved ${cause} ${severity}`)
    for (const page of pages) await alerts.paged(page)
    expect(server.failedReads).toEqual([])
    expect(server.reads).toBeGreaterThan(10)
    expect(await server.lost()).toEqual({ missing: 0, twice: 0 })
    expect(alerts.pages).toEqual(pages)
    expect(alerts.notices).toEqual([`opened ${cause} ${severity}`, `resolved ${cause} ${severity}`])
  }

  async end(name: string): Promise<void> {
    this.watched?.print(name)
    await this.watched?.end()
    for (const leave of this.leaveBehind.splice(0).reverse()) await leave()
  }
}
