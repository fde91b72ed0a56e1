// The events every bench appends: what agents send, 1 KB on average and 100 B to 10 KB each, the same ones on every run.
import { Packr } from 'msgpackr'
import { type JsonObject, type NewEvent } from '../../src/contract/event.js'
import { PackedMap } from '../../src/record/codec/scan.js'

const MEAN_BYTES = 1024
const SPREAD = 0.8
const LEAST_BYTES = 110
const MOST_BYTES = 10 * 1024
/** Small events carry neither tags nor correlation: those alone would take more than their size. */
const BARE_BELOW_BYTES = 260

const WORDS = (
  'agent checks policy before command runs and records why it was allowed the sandbox limit path token budget retry ' +
  'state plan step tool result file branch test build deploy rollback approve reject review queue worker latency ' +
  'memory cpu disk network quota region cluster pod service request response timeout error warning healthy degraded ' +
  'user session context prompt answer summary diff patch merge conflict schema table index query cache snapshot'
).split(' ')

/** Uniform numbers from 0 to 1, the same sequence for the same seed. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

export interface WorkloadOptions {
  readonly count: number
  readonly streams?: number
  readonly seed?: number
}

class EventMaker {
  private readonly next: () => number

  constructor(private readonly options: WorkloadOptions) {
    this.next = randomNumbers(options.seed ?? 1)
  }

  event(): NewEvent {
    const bytes = this.size()
    const [type, data] = this.payload()
    const stream = `agent-${this.below(this.options.streams ?? 200)}`
    const correlation = `wf-${this.hex(12)}`
    const tags = [`team:${this.below(8)}`, `env:${this.pick(['prod', 'prod', 'staging'])}`]
    if (this.next() < 0.3) tags.push(`risk:${this.pick(['low', 'medium', 'high'])}`)
    if (bytes < BARE_BELOW_BYTES) return this.filled({ type, stream, data: { ok: true } }, bytes)
    return this.filled({ type, stream, data: data as JsonObject, tags, correlationId: correlation }, bytes)
  }

  /** Log-normal: many small ones, a long tail. */
  private size(): number {
    const normal = Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next())
    const bytes = Math.exp(Math.log(MEAN_BYTES) - (SPREAD * SPREAD) / 2 + SPREAD * normal)
    return Math.round(Math.min(MOST_BYTES, Math.max(LEAST_BYTES, bytes)))
  }

  private payload(): [type: string, data: Record<string, unknown>] {
    const kind = this.next()
    if (kind < 0.4) return [`command.${this.pick(['validated', 'rejected', 'executed'])}`, this.command()]
    if (kind < 0.75) return [`state.${this.pick(['updated', 'created', 'merged'])}`, this.state()]
    return [`monitoring.${this.pick(['sample', 'alert', 'heartbeat'])}`, this.monitoring()]
  }

  private command(): Record<string, unknown> {
    return {
      command: `${this.pick(['git', 'npm', 'kubectl', 'psql', 'curl'])} ${this.text(24)}`,
      decision: this.pick(['allow', 'deny', 'ask']),
      risk: Math.round(this.next() * 1000) / 1000,
      durationMs: this.below(900),
      attempt: 1 + this.below(3),
    }
  }

  private state(): Record<string, unknown> {
    return {
      entity: `task-${this.below(100_000)}`,
      version: this.below(50),
      status: this.pick(['open', 'running', 'blocked', 'done']),
      owner: `agent-${this.below(200)}`,
      progress: this.below(101) / 100,
    }
  }

  private monitoring(): Record<string, unknown> {
    return {
      host: `node-${this.below(40)}.eu-central`,
      cpu: this.next(),
      memoryBytes: this.below(2 ** 31),
      healthy: this.next() < 0.97,
      sequence: this.below(2 ** 31),
    }
  }

  /** Adds steps until the event, as JSON, has its size. */
  private filled(event: NewEvent, bytes: number): NewEvent {
    const data = event.data as Record<string, unknown>
    let left = bytes - Buffer.byteLength(JSON.stringify(event))
    const steps: JsonObject[] = []
    while (left > 260) {
      const step = {
        at: 1_760_000_000_000 + this.below(2 ** 30),
        tool: this.pick(WORDS),
        ok: this.next() < 0.9,
        note: this.text(40 + this.below(120)),
      }
      steps.push(step)
      left -= Buffer.byteLength(JSON.stringify(step)) + 1
    }
    if (steps.length > 0) {
      data['steps'] = steps
      left -= 12
    }
    if (left > 16) data['note'] = this.text(left - 10)
    return event
  }

  private text(chars: number): string {
    let text = this.pick(WORDS)
    // One word in six is an identifier: text of agents is not prose alone.
    while (text.length < chars) text += ` ${this.next() < 0.16 ? this.hex(8) : this.pick(WORDS)}`
    return text.slice(0, chars)
  }

  private hex(digits: number): string {
    let text = ''
    while (text.length < digits)
      text += this.below(2 ** 32)
        .toString(16)
        .padStart(8, '0')
    return text.slice(0, digits)
  }

  private below(limit: number): number {
    return Math.floor(this.next() * limit)
  }

  private pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T
  }
}

export function makeEvents(options: WorkloadOptions): NewEvent[] {
  const maker = new EventMaker(options)
  return Array.from({ length: options.count }, () => maker.event())
}

/** The bare encoder of all floors. Its buffer is its own and stays valid until the next call but one. */
export const PACKR = new Packr({ useRecords: false })

/** The same events with their payload encoded already, as a client speaking MessagePack sends them. */
export function packEvents(events: readonly NewEvent[]): NewEvent[] {
  return events.map(event => ({ ...event, data: new PackedMap(Buffer.from(PACKR.pack(event.data))) }))
}

/** Bytes of the events as JSON, as a client sends them. */
export function jsonBytes(events: readonly NewEvent[]): number {
  return events.reduce((sum, event) => sum + Buffer.byteLength(JSON.stringify(event)), 0)
}
