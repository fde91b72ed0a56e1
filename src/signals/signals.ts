// Who tells whom of trouble: each cause holds its newest signal, and listeners hear when a cause changes its level.

/** Every cause of trouble, and the component of the service that it is in. */
export const CAUSES = {
  write_latency: 'event_store',
  write_errors: 'event_store',
  integrity: 'event_store',
  lost_ownership: 'event_store',
  service_level: 'event_store',
  disk_full: 'storage',
  storage_space: 'storage',
  storage_failed: 'storage',
  storage_hung: 'storage',
  storage_growth: 'storage',
  storage_permission: 'storage',
  memory: 'memory',
  memory_leak: 'memory',
  descriptors: 'process',
  event_loop: 'process',
  dependency: 'network',
  security: 'security',
  alerting: 'alerting',
  manual: 'operator',
} as const

export type Cause = keyof typeof CAUSES
export type SignalLevel = 'ok' | 'warning' | 'critical'

export interface Signal {
  readonly cause: Cause
  readonly level: SignalLevel
  /** One sentence for people. */
  readonly detail: string
  /** What was measured, by the name of the figure. */
  readonly metrics: Readonly<Record<string, number>>
}

export type SignalListener = (signal: Signal) => void

export class Signals {
  private readonly newest = new Map<Cause, Signal>()
  private readonly listeners = new Set<SignalListener>()

  /** What is told of a cause replaces what was told of it before. */
  tell(signal: Signal): void {
    const before = this.levelOf(signal.cause)
    if (signal.level === 'ok') this.newest.delete(signal.cause)
    else this.newest.set(signal.cause, signal)
    if (signal.level === before) return
    for (const listener of this.listeners) listener(signal)
  }

  /** The signals of every cause that is not well. */
  get active(): readonly Signal[] {
    return [...this.newest.values()]
  }

  levelOf(cause: Cause): SignalLevel {
    return this.newest.get(cause)?.level ?? 'ok'
  }

  listen(listener: SignalListener): void {
    this.listeners.add(listener)
  }
}
