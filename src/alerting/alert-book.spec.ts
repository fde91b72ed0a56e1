// Which alerts open, rise, group and resolve, and what is told of them, on a clock that the test moves.
import fc from 'fast-check'
import { DEFAULT_ALERTING } from '../config/alerting-settings.js'
import { CAUSES, type Cause, type Signal } from '../signals/signals.js'
import { AlertBook } from './alert-book.js'
import { ALERT_FOLD, type AlertChange, applyChange, noAlerts, type Silence } from './alert-state.js'
import { CHANNELS, type ChannelName, isWorse } from './route.js'

const START = Date.parse('2026-01-31T12:00:00Z')
const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

type Level = 'warning' | 'critical'

/** A day of the service: causes come and go, every channel takes what it is told at once. */
class Day {
  now = START
  readonly told: { channel: ChannelName; notice: string; cause: Cause | undefined; atMs: number }[] = []
  readonly record: AlertChange[] = []
  readonly book: AlertBook
  private readonly active = new Map<Cause, Signal>()

  constructor(private readonly channels: readonly ChannelName[] = CHANNELS) {
    this.book = new AlertBook(noAlerts(), DEFAULT_ALERTING, channels)
  }

  is(cause: Cause, level: Level): void {
    this.active.set(cause, { cause, level, detail: `${cause} is ${level}`, metrics: { figure: 1 } })
    this.step()
  }

  isOver(cause: Cause): void {
    this.active.delete(cause)
    this.step()
  }

  silence(match: Partial<Silence>, forMs: number): void {
    const silence = { id: `s${this.record.length}`, causes: [], severities: [], fromMs: this.now, reason: 'r', by: 'o' }
    this.note({ type: 'silence.added', ...silence, untilMs: this.now + forMs, ...match })
  }

  pass(ms: number, everyMs = 10 * SECOND): void {
    const end = this.now + ms
    while (this.now < end) {
      this.now = Math.min(this.now + everyMs, end)
      this.step()
    }
  }

  notices(channel: ChannelName): string[] {
    return this.told
      .filter(told => told.channel === channel)
      .map(({ notice, cause }) => [cause, notice].join(' ').trim())
  }

  private step(): void {
    this.record.push(...this.book.step(this.now, [...this.active.values()]))
    for (const channel of this.channels) {
      for (let due = this.book.due(channel, this.now)[0]; due; due = this.book.due(channel, this.now)[0]) {
        const cause = due.kind === 'digest' ? undefined : due.alert.cause
        this.told.push({ channel, notice: due.kind, cause, atMs: this.now })
        if (due.kind === 'digest') this.note({ type: 'digest.delivered', channel, atMs: this.now })
        else {
          const { severity } = due.alert
          this.note({ type: 'alert.delivered', cause: due.alert.cause, channel, notice: due.kind, severity })
        }
      }
    }
  }

  private note(change: AlertChange): void {
    this.book.apply(change)
    this.record.push(change)
  }
}

test('what forces EMERGENCY pages at once, and the page is resolved once, when its cause has been over for five minutes', () => {
  const day = new Day()
  day.is('disk_full', 'critical')
  expect(day.told.map(({ channel, notice }) => `${channel} ${notice}`)).toEqual([
    'pagerduty opened',
    'slack opened',
    'webhook opened',
  ])
  day.pass(HOUR)
  day.isOver('disk_full')
  day.pass(4 * MINUTE)
  expect(day.notices('pagerduty')).toEqual(['disk_full opened'])
  day.pass(2 * MINUTE)
  expect(day.notices('pagerduty')).toEqual(['disk_full opened', 'disk_full resolved'])
  expect(day.notices('slack')).toEqual(['disk_full opened', 'disk_full resolved'])
  expect(day.book.state.alerts.size).toBe(0)
})

test.each([
  ['write_latency', 15 * MINUTE],
  ['storage_space', HOUR],
] as const)('a warning of %s is told by its delay, and pages nobody', (cause, delay) => {
  const day = new Day()
  day.is(cause, 'warning')
  day.pass(delay - MINUTE)
  expect(day.told).toEqual([])
  day.pass(MINUTE)
  expect(day.notices('slack')).toEqual([`${cause} opened`])
  expect(day.notices('pagerduty')).toEqual([])
})

test('a warning that is over before its delay is told to nobody', () => {
  const day = new Day()
  day.is('write_latency', 'warning')
  day.pass(10 * MINUTE)
  day.isOver('write_latency')
  day.pass(HOUR)
  expect(day.told).toEqual([])
  expect(day.record.map(({ type }) => type)).toEqual(['alert.opened', 'alert.resolved', 'alert.closed'])
})

test('a P2 that stands for an hour is a P1, and pages', () => {
  const day = new Day()
  day.is('write_latency', 'warning')
  day.pass(HOUR - MINUTE)
  expect(day.notices('pagerduty')).toEqual([])
  day.pass(2 * MINUTE)
  expect(day.notices('pagerduty')).toEqual(['write_latency opened'])
  expect(day.notices('slack')).toEqual(['write_latency opened', 'write_latency raised'])
})

test('a warning that becomes critical pages at once', () => {
  const day = new Day()
  day.is('storage_space', 'warning')
  day.pass(MINUTE)
  day.is('storage_space', 'critical')
  expect(day.notices('pagerduty')).toEqual(['storage_space opened'])
})

test('what follows from a full disk is kept on the record and told to nobody', () => {
  const day = new Day()
  day.is('disk_full', 'critical')
  for (const cause of ['write_errors', 'service_level', 'storage_space'] as const) day.is(cause, 'critical')
  day.pass(HOUR)
  expect(day.notices('pagerduty')).toEqual(['disk_full opened'])
  expect(day.record.filter(change => change.type === 'alert.opened' && change.under === 'disk_full')).toHaveLength(3)
})

test('a warning hides nothing that is worse than itself', () => {
  const day = new Day()
  day.is('storage_space', 'warning')
  day.is('write_errors', 'critical')
  expect(day.notices('pagerduty')).toEqual(['write_errors opened'])
})

test('what outlives its root is told by itself', () => {
  const day = new Day()
  day.is('disk_full', 'critical')
  day.is('write_errors', 'critical')
  day.isOver('disk_full')
  day.pass(6 * MINUTE)
  expect(day.notices('pagerduty')).toEqual(['disk_full opened', 'disk_full resolved', 'write_errors opened'])
})

test('a service level is not told by itself while its windows still hold what broke it, and is told if it stays', () => {
  const day = new Day()
  day.is('write_latency', 'critical')
  day.is('service_level', 'critical')
  day.pass(10 * MINUTE)
  day.isOver('write_latency')
  day.pass(34 * MINUTE)
  expect(day.notices('pagerduty')).toEqual(['write_latency opened', 'write_latency resolved'])
  day.pass(2 * MINUTE)
  expect(day.notices('pagerduty').slice(2)).toEqual(['service_level opened'])
})

test('a service level whose root comes back follows it as long as before', () => {
  const day = new Day()
  for (let times = 0; times < 3; times++) {
    day.is('write_latency', 'critical')
    day.is('service_level', 'critical')
    day.pass(10 * MINUTE)
    day.isOver('write_latency')
    day.pass(20 * MINUTE)
  }
  expect(day.notices('pagerduty').filter(notice => notice.startsWith('service_level'))).toEqual([])
})

test('a cause that comes and goes for an hour is one alert', () => {
  const day = new Day()
  for (let n = 0; n < 30; n++) {
    day.is('memory', 'critical')
    day.pass(MINUTE)
    day.isOver('memory')
    day.pass(MINUTE)
  }
  day.pass(10 * MINUTE)
  expect(day.notices('pagerduty')).toEqual(['memory opened', 'memory resolved'])
})

test('a silence keeps an alert from being told until it ends', () => {
  const day = new Day()
  day.silence({ causes: ['disk_full'] }, HOUR)
  day.is('disk_full', 'critical')
  day.pass(HOUR - MINUTE)
  expect(day.told).toEqual([])
  day.pass(2 * MINUTE)
  expect(day.notices('pagerduty')).toEqual(['disk_full opened'])
  expect(day.book.state.silences.size).toBe(0)
})

test('what is over at the end of its silence is never told, and another severity is not silenced', () => {
  const day = new Day()
  day.silence({ severities: ['P2'] }, 3 * HOUR)
  day.is('dependency', 'warning')
  day.pass(HOUR)
  day.is('disk_full', 'critical')
  day.isOver('dependency')
  day.pass(3 * HOUR)
  expect(day.notices('slack')).toEqual(['disk_full opened'])
})

test('what is of no hurry and what was suppressed stands in one digest a day', () => {
  const day = new Day()
  day.is('memory_leak', 'warning')
  day.is('disk_full', 'critical')
  day.is('write_errors', 'critical')
  day.pass(2 * DAY, MINUTE)
  expect(day.notices('slack')).toEqual(['disk_full opened', 'digest'])
  const digest = day.told.find(({ notice }) => notice === 'digest')
  expect(new Date(digest?.atMs ?? 0).toISOString()).toBe('2026-02-01T08:00:00.000Z')
  expect(day.book.state.digest).toBeUndefined()
})

test('where no channel is set up alerts stand on the record alone', () => {
  const day = new Day([])
  day.is('disk_full', 'critical')
  day.isOver('disk_full')
  day.pass(10 * MINUTE)
  expect(day.record.map(({ type }) => type)).toEqual(['alert.opened', 'alert.resolved', 'alert.closed'])
})

test('what a channel was not told is owed by the process after it', () => {
  const day = new Day()
  day.is('disk_full', 'critical')
  const restored = noAlerts()
  for (const change of day.record) if (change.type !== 'alert.delivered') applyChange(restored, change)
  const later = new AlertBook(restored, DEFAULT_ALERTING, CHANNELS)
  later.step(day.now + MINUTE, [])
  expect(CHANNELS.map(channel => later.due(channel, day.now + MINUTE).length)).toEqual([1, 1, 1])
  later.step(day.now + 10 * MINUTE, [])
  expect(later.due('pagerduty', day.now + 10 * MINUTE)).toMatchObject([{ kind: 'opened' }])
})

test('a day of quiet with noise tells nobody of anything', () => {
  const day = new Day()
  for (let hour = 0; hour < 24; hour++) {
    for (const cause of ['write_latency', 'event_loop', 'storage_space', 'dependency'] as const) {
      day.is(cause, 'warning')
      day.pass(15 * SECOND)
      day.isOver(cause)
      day.pass(10 * MINUTE)
    }
    day.pass(20 * MINUTE - MINUTE)
  }
  expect(day.told).toEqual([])
})

test('a day with 20 planted incidents: each is found, grouped and resolved once', () => {
  const incidents: readonly (readonly [Cause, ...Cause[]])[] = [
    ['disk_full', 'storage_space', 'write_errors', 'service_level'],
    ['storage_failed', 'write_errors', 'write_latency'],
    ['storage_hung', 'write_latency', 'write_errors'],
    ['memory', 'event_loop', 'memory_leak'],
    ['write_latency', 'service_level'],
    ['integrity', 'write_errors'],
    ['dependency'],
    ['lost_ownership', 'storage_failed', 'write_errors'],
    ['storage_space', 'write_errors'],
    ['security'],
  ]
  const day = new Day()
  for (const [root, ...followers] of [...incidents, ...incidents]) {
    const before = day.told.length
    day.is(root, 'critical')
    for (const follower of followers) day.is(follower, 'critical')
    day.pass(30 * MINUTE)
    for (const cause of [...followers, root]) day.isOver(cause)
    day.pass(30 * MINUTE)
    const pages = day.told.slice(before).filter(({ channel }) => channel === 'pagerduty')
    expect(pages.map(({ cause, notice }) => `${cause} ${notice}`)).toEqual([`${root} opened`, `${root} resolved`])
    expect(day.book.open()).toEqual([])
  }
})

const causes = Object.keys(CAUSES) as Cause[]
const happening = fc.record({
  cause: fc.constantFrom(...causes),
  level: fc.constantFrom('ok', 'warning', 'critical'),
  passMs: fc.constantFrom(0, SECOND, MINUTE, 10 * MINUTE, 2 * HOUR),
})

test('whatever happens, each alert is told once and resolved once, and the record alone makes the same state', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 40 }), happenings => {
      const day = new Day()
      for (const { cause, level, passMs } of happenings) {
        if (level === 'ok') day.isOver(cause)
        else day.is(cause, level as Level)
        day.pass(passMs, MINUTE)
        for (const { severity, under } of day.book.open()) {
          const root = under === undefined ? undefined : day.book.state.alerts.get(under)
          expect(root !== undefined && isWorse(severity, root.severity)).toBe(false)
        }
      }
      for (const cause of causes) day.isOver(cause)
      day.pass(2 * DAY, 10 * MINUTE)
      expect([day.book.state.alerts.size, day.book.state.noted.size]).toEqual([0, 0])
      for (const channel of CHANNELS) {
        for (const cause of causes) {
          const told = day.told
            .filter(one => one.channel === channel && one.cause === cause)
            .map(({ notice }) => notice)
          expect(told.join(' ')).toMatch(/^(opened (raised )*resolved ?)*$/)
        }
      }
      const again = noAlerts()
      for (const change of JSON.parse(JSON.stringify(day.record)) as AlertChange[]) applyChange(again, change)
      expect(again).toEqual(day.book.state)
      const kept = noAlerts()
      for (const change of ALERT_FOLD.whole(again)) applyChange(kept, change)
      expect(kept).toEqual(again)
    }),
    { numRuns: 40 },
  )
})
