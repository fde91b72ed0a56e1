// Runs the monitors every five seconds, logs what they tell, and keeps what they found for those who ask.
import { resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common'
import { Settings } from '../config/settings.js'
import { type Cause, type SignalLevel, Signals } from '../signals/signals.js'
import type { ThreadCalls } from '../threads/thread-calls.js'
import { DirectoryUse } from './directory-use.js'
import { type LoopFigures, LoopWatch } from './loop-watch.js'
import { memoryUse } from './memory-use.js'
import { descriptorsOf, type Traffic, trafficOf } from './process-facts.js'
import { ProcessMonitor } from './process-monitor.js'
import { ResourceMonitor } from './resource-monitor.js'
import { ServiceLevels, SLICE_MS } from './service-levels.js'
import { breachOf, ServiceObjectives } from './service-objectives.js'
import { ThreadReports } from './thread-reports.js'
import { type VolumeFigures, type VolumeUse, volumeOf } from './volume-monitor.js'
import { WriteMonitor } from './write-monitor.js'

/** How long a start waits for the first figures. */
const PATIENCE_MS = 1_000

@Injectable()
export class Monitors implements OnModuleInit, OnApplicationShutdown {
  readonly objectives: ServiceObjectives
  private readonly writes: WriteMonitor
  private readonly resources: ResourceMonitor
  private readonly process: ProcessMonitor
  readonly fronts: ThreadReports
  private readonly watch = new LoopWatch()
  private readonly directory: DirectoryUse
  private timer: NodeJS.Timeout | undefined
  /** Of the last window, so who asks often changes nothing. */
  loop: LoopFigures = { waitMs: 0, longestCollectionMs: 0, collectionMs: 0 }
  traffic: Traffic = {}

  constructor(
    private readonly levels: ServiceLevels,
    private readonly signals: Signals,
    { modeThresholds, serviceLevels, dataDir }: Settings,
  ) {
    this.writes = new WriteMonitor(levels, signals, modeThresholds)
    this.process = new ProcessMonitor(signals)
    this.fronts = new ThreadReports(levels, this.process)
    const directory = resolve(dataDir)
    this.directory = new DirectoryUse(directory)
    this.resources = new ResourceMonitor(signals, modeThresholds, {
      volume: () => volumeOf(directory),
      memory: async () => this.fronts.worstMemory(await memoryUse()),
    })
    const logger = new Logger('monitors')
    this.objectives = new ServiceObjectives(signals, serviceLevels, state => {
      const { objective, level, budgetRemaining, burn } = state
      const line = { objective, level, budget_remaining: budgetRemaining, burn, message: breachOf(state) }
      logger[level === 'ok' ? 'log' : 'warn'](line)
    })
    signals.listen(({ cause, level, detail, metrics: figures }) => {
      logger[level === 'ok' ? 'log' : 'warn']({
        cause,
        level,
        ...figures,
        message: level === 'ok' ? `${cause} is over` : detail,
      })
    })
  }

  async onModuleInit(): Promise<void> {
    this.watch.start()
    this.timer = setInterval(() => void this.look(), SLICE_MS).unref()
    void this.directory.measure(performance.now())
    // A volume that hangs must not keep the server from starting.
    await Promise.race([this.resources.measure(), setTimeout(PATIENCE_MS, undefined, { ref: false })])
    this.traffic = await trafficOf()
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer)
    this.watch.stop()
  }

  /** Judges this front thread as well from now on; called in the writer. One that replaces another has its number. */
  join(thread: number, calls: ThreadCalls): void {
    this.fronts.join(thread, calls)
  }

  /** What the data directory takes; undefined until it was looked at. */
  get directoryBytes(): number | undefined {
    return this.directory.bytes
  }

  /** undefined until the volume was looked at. */
  get volumeFigures(): VolumeFigures | undefined {
    return this.resources.volume.figures
  }

  /** Never rejects, and waits for no volume. */
  async look(): Promise<void> {
    const append = this.writes.look()
    const query = this.levels.slide('query')
    this.objectives.look({
      append,
      query,
      sync: this.levels.slide('sync'),
      delivery: this.levels.slide('delivery'),
    })
    this.loop = this.fronts.worstLoop(this.watch.endWindow())
    void this.resources.measure()
    void this.directory.measure(performance.now())
    const [descriptors, traffic] = await Promise.all([descriptorsOf(), trafficOf()])
    this.traffic = traffic
    const { heapUsed: heapBytes, rss: residentBytes } = process.memoryUsage()
    const memory = { heapBytes, residentBytes, work: append.good + append.bad + query.good + query.bad }
    this.process.look({ nowMs: performance.now(), memory, loop: this.loop, descriptors })
  }

  levelsOf(...causes: readonly Cause[]): SignalLevel[] {
    return causes.map(cause => this.signals.levelOf(cause))
  }

  get syncP99Ms(): number | undefined {
    return this.levels.quantile('sync', 0.99)
  }

  get volume(): { readonly volume: VolumeUse | undefined; readonly silentMs: number } {
    const { volume, silentMs } = this.resources
    return { volume: volume.use, silentMs }
  }

  /** Without what is not known yet. */
  get memory(): Readonly<Record<string, number | string>> {
    const { heapUsed: heapBytes, rss: residentBytes } = process.memoryUsage()
    const { memoryUse: use } = this.resources
    const { growth } = this.process
    return {
      heapBytes,
      residentBytes,
      ...(use === undefined ? {} : { usedBytes: use.usedBytes, limitBytes: use.limitBytes, limitOf: use.of }),
      ...(growth === undefined ? {} : { heapGrowthPerHour: growth.heap.sharePerHour }),
      waitMs: this.loop.waitMs,
      longestCollectionMs: this.loop.longestCollectionMs,
      collectionMs: this.loop.collectionMs,
    }
  }
}
