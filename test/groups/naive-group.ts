// A consumer group as simple as one can be, against which the real one is judged: a list of tasks, and rules read aloud.
import type { Ordering } from '../../src/groups/state/group-definition.js'

export interface Rules {
  readonly timeoutMs: number
  readonly maxAttempts: number
  readonly maxInFlight: number
  readonly ordering: Ordering
}

interface Task {
  readonly position: number
  readonly stream: string
  readonly correlation: string | undefined
  status: 'new' | 'out' | 'back' | 'parked' | 'done'
  attempt: number
  number: number
  consumer: string
  /** Of the deadline while it is out, of the delay when it came back. */
  until: number
}

export interface Given {
  readonly token: string
  readonly attempt: number
  readonly deadlineMs: number
}

export class NaiveGroup {
  readonly tasks: Task[] = []
  private readonly settled = new Map<string, string>()
  private lastNumber = 0

  constructor(private rules: Rules) {}

  offer(position: number, stream: string, correlation: string | undefined): void {
    this.tasks.push({
      position,
      stream,
      correlation,
      status: 'new',
      attempt: 0,
      number: 0,
      consumer: '',
      until: 0,
    })
  }

  change(rules: Rules): void {
    this.rules = rules
  }

  take(consumer: string, covers: (stream: string) => boolean, max: number, now: number): Given[] {
    this.sweep(now)
    const free = this.rules.maxInFlight - this.count('out', now)
    const eligible = this.tasks.filter(task => this.isDue(task, now) && covers(task.stream) && this.mayGo(task, now))
    return eligible.slice(0, Math.max(0, Math.min(max, free))).map(task => {
      task.status = 'out'
      task.attempt++
      task.number = ++this.lastNumber
      task.consumer = consumer
      task.until = now + this.rules.timeoutMs
      return { token: `${task.position}.${task.number}`, attempt: task.attempt, deadlineMs: task.until }
    })
  }

  /** The places of the tokens that settle nothing. */
  settle(
    tokens: readonly string[],
    action: 'ack' | 'skip' | 'retry' | 'park',
    by: string,
    now: number,
    delayMs = 0,
  ): number[] {
    const held = (token: string) =>
      this.tasks.find(
        task => task.status === 'out' && `${task.position}.${task.number}` === token && task.consumer === by,
      )
    const stale = tokens.flatMap((token, at) =>
      held(token) === undefined && this.settled.get(token) !== action ? [at] : [],
    )
    if (stale.length > 0) return stale
    let changed = false
    for (const token of tokens) {
      const task = held(token)
      if (task === undefined) continue
      changed = true
      this.settled.set(token, action)
      const spent = action === 'retry' && task.attempt >= this.rules.maxAttempts
      task.status = action === 'park' || spent ? 'parked' : action === 'retry' ? 'back' : 'done'
      task.until = now + delayMs
    }
    if (changed) this.sweep(now)
    return []
  }

  isOut(token: string): boolean {
    return this.tasks.some(task => task.status === 'out' && `${task.position}.${task.number}` === token)
  }

  replay(positions: readonly number[], now: number): number {
    const parked = this.tasks.filter(({ status, position }) => status === 'parked' && positions.includes(position))
    for (const task of parked) Object.assign(task, { status: 'back', attempt: 0, until: 0 })
    if (parked.length > 0) this.sweep(now)
    return parked.length
  }

  discard(positions: readonly number[], now: number): number {
    const parked = this.tasks.filter(({ status, position }) => status === 'parked' && positions.includes(position))
    for (const task of parked) task.status = 'done'
    if (parked.length > 0) this.sweep(now)
    return parked.length
  }

  /** What came out too often is parked when somebody looks. */
  sweep(now: number): void {
    for (const task of this.tasks) {
      const idle = task.status === 'back' || (task.status === 'out' && task.until <= now)
      if (idle && task.attempt >= this.rules.maxAttempts) task.status = 'parked'
    }
  }

  count(status: Task['status'], now: number): number {
    return this.tasks.filter(task => task.status === status && (status !== 'out' || task.until > now)).length
  }

  private isDue({ status, until }: Task, now: number): boolean {
    return status === 'new' || ((status === 'out' || status === 'back') && until <= now)
  }

  private mayGo(task: Task, now: number): boolean {
    const key = this.keyOf(task)
    if (key === undefined) return true
    return !this.tasks.some(other => {
      if (other === task || this.keyOf(other) !== key) return false
      if (other.status === 'out' && other.until > now) return true
      return other.position < task.position && other.status !== 'done' && other.status !== 'parked'
    })
  }

  private keyOf({ stream, correlation }: Task): string | undefined {
    const { ordering } = this.rules
    return ordering === 'stream' ? stream : ordering === 'correlation' ? correlation : undefined
  }
}
