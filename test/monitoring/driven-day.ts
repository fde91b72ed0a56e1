// A day of a server on a driven clock: recorded slices go through the monitors, the signals, the mode and the alerts.
import { AlertBook } from '../../src/alerting/alert-book.js'
import { noAlerts } from '../../src/alerting/alert-state.js'
import { CHANNELS, type ChannelName } from '../../src/alerting/route.js'
import { DEFAULT_ALERTING } from '../../src/config/alerting-settings.js'
import { defaultModeThresholds, defaultServiceLevels } from '../../src/config/figures.js'
import { FIRST_MODE, type Mode, nextMode, wantsTrial } from '../../src/degradation/next-mode.js'
import { ProcessMonitor } from '../../src/monitors/process-monitor.js'
import { ResourceMonitor } from '../../src/monitors/resource-monitor.js'
import { ServiceLevels, SLICE_MS, type TimedWork } from '../../src/monitors/service-levels.js'
import { ServiceObjectives } from '../../src/monitors/service-objectives.js'
import { WriteMonitor } from '../../src/monitors/write-monitor.js'
import { Signals } from '../../src/signals/signals.js'
import { Random } from '../support/random.js'
import { type RecordedSlice, readNoise, type Slices, sliceOf, slicesOf } from './noise.js'

const START = Date.parse('2026-01-31T00:00:00Z')
const NOTHING = sliceOf({ good: 0, bad: 0, durations: [] })

/** What the monitors see of one slice. */
export type Seen = Omit<RecordedSlice, 'work'> & { readonly slices: Slices }

/** Levels whose slices were counted before. */
class GivenLevels extends ServiceLevels {
  private slices: Slices = { append: NOTHING, query: NOTHING, sync: NOTHING, delivery: NOTHING }

  give(slices: Slices): void {
    this.slices = slices
  }

  override slide(operation: TimedWork) {
    return this.slices[operation]
  }
}

export class DrivenDay {
  nowMs = START
  readonly signals = new Signals()
  readonly modes: Mode[] = []
  readonly told: { readonly channel: ChannelName; readonly notice: string }[] = []
  readonly book = new AlertBook(noAlerts(), DEFAULT_ALERTING, CHANNELS)
  private state = FIRST_MODE
  private seen: Seen
  private readonly noise: readonly Seen[] = readNoise().map(slice => ({ ...slice, slices: slicesOf(slice) }))
  private readonly random = new Random(1)
  private readonly levels = new GivenLevels()
  private readonly writes = new WriteMonitor(this.levels, this.signals, defaultModeThresholds)
  private readonly objectives = new ServiceObjectives(this.signals, defaultServiceLevels, () => undefined)
  private readonly process = new ProcessMonitor(this.signals)
  private readonly resources = new ResourceMonitor(
    this.signals,
    defaultModeThresholds,
    { volume: async () => this.seen.volume, memory: async () => this.seen.memory },
    () => this.nowMs,
  )

  constructor() {
    this.seen = this.noise[0] as Seen
  }

  /** Any slice of the recording may follow any other, as `trouble` alters it. */
  async pass(ms: number, trouble: (seen: Seen) => Seen = seen => seen): Promise<void> {
    for (const end = this.nowMs + ms; this.nowMs < end; this.nowMs += SLICE_MS) {
      this.seen = trouble(this.noise[Math.floor(this.random.next() * this.noise.length)] as Seen)
      this.look(this.seen)
      await this.resources.measure()
      this.move()
      this.tell()
    }
  }

  noticesOf(channel: ChannelName): string[] {
    return this.told.filter(told => told.channel === channel).map(({ notice }) => notice)
  }

  private look({ slices, heapBytes, residentBytes, loop, descriptors }: Seen): void {
    // While no append is taken there is none to measure.
    this.levels.give(this.state.mode === 'EMERGENCY' ? { ...slices, append: NOTHING } : slices)
    const append = this.writes.look()
    const query = this.levels.slide('query')
    this.objectives.look({ append, query, sync: slices.sync, delivery: slices.delivery })
    const work = append.good + append.bad + query.good + query.bad
    this.process.look({ nowMs: this.nowMs, memory: { heapBytes, residentBytes, work }, loop, descriptors })
  }

  private move(): void {
    const facts = { nowMs: this.nowMs, signals: this.signals.active }
    const { mode } = this.state
    this.state = nextMode(this.state, wantsTrial(this.state, facts) ? { ...facts, trial: 'stored' } : facts)
    if (this.state.mode !== mode) this.modes.push(this.state.mode)
  }

  /** Every channel takes what it is told at once. */
  private tell(): void {
    const { book, nowMs } = this
    book.step(nowMs, this.signals.active)
    for (const channel of CHANNELS) {
      for (const due of book.due(channel, nowMs)) {
        if (due.kind === 'digest') {
          this.told.push({ channel, notice: 'digest' })
          book.apply({ type: 'digest.delivered', channel, atMs: nowMs })
          continue
        }
        const { cause, severity } = due.alert
        this.told.push({ channel, notice: `${due.kind} ${cause} ${severity}` })
        book.apply({ type: 'alert.delivered', cause, channel, notice: due.kind, severity })
      }
    }
  }
}
