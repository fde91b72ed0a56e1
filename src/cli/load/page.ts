// The report of a run as one page for people: verdicts first, then plots and tables. It loads nothing, so it works offline.
import { type Chart, type Course, chartOf, escaped, type ModeStretch, shortened, stripOf } from './chart.js'
import type { LevelVerdict } from './levels.js'
import type { LoadOperation } from './profile.js'
import type { Report, SeriesPoint } from './report.js'
import type { Sample } from './watch.js'

const STYLE = `
:root { color-scheme: light dark; --ink: #1f2933; --soft: #52606d; --line: #d9e2ec; --page: #ffffff; --odd: #f1f5f9; --good: #047857; --bad: #b91c1c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e7eb; --soft: #9aa5b1; --line: #323f4b; --page: #16202a; --odd: #1e2a36; --good: #34d399; --bad: #f87171; } }
body { margin: 0 auto; padding: 24px; max-width: 960px; font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); }
h1 { margin: 0 0 4px; font-size: 26px; } h2 { margin: 32px 0 8px; font-size: 19px; }
p { margin: 4px 0; } small, .soft { color: var(--soft); font-weight: normal; }
.verdict { margin: 16px 0; padding: 10px 16px; border: 2px solid; border-radius: 8px; font-weight: 600; }
.good { color: var(--good); } .bad { color: var(--bad); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 4px 10px; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; white-space: normal; } th { color: var(--soft); font-weight: 600; }
figure { margin: 20px 0; } figcaption { font-weight: 600; }
svg { display: block; width: 100%; height: auto; }
svg text { font: 11px system-ui, sans-serif; fill: var(--soft); } .middle { text-anchor: middle; } .end { text-anchor: end; }
.even { fill: none; } .odd { fill: var(--odd); } .grid { stroke: var(--line); } .line { fill: none; stroke-width: 1.6; stroke-linejoin: round; }
line.mark { stroke: var(--bad); stroke-dasharray: 4 3; } svg text.mark { fill: var(--bad); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 0 0 0 64px; font-size: 13px; color: var(--soft); }
.legend i { display: inline-block; width: 10px; height: 10px; margin-right: 6px; border-radius: 2px; }
`

export function reportPage(report: Report): string {
  const { asked, holds, phases, faults } = report
  const course: Course = {
    seconds: asked.seconds,
    bands: phases,
    marks: faults.map(({ kind, at }) => ({ name: kind, second: at })),
  }
  const title = `Load: ${asked.profile}`
  const failed = report.verdicts.filter(verdict => !verdict.holds).length
  const verdict = holds ? 'Every verdict holds' : `${failed} of ${report.verdicts.length} verdicts do not hold`
  return [
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">`,
    `<title>${escaped(title)}</title><style>${STYLE}</style></head><body>`,
    `<h1>${escaped(title)}</h1>`,
    `<p class="soft">${escaped(contextOf(report))}</p>`,
    `<p class="verdict ${holds ? 'good' : 'bad'}">${verdict}</p>`,
    verdictsOf(report.verdicts),
    '<h2>Over time</h2>',
    ...chartsOf(report).map(chart => chartOf(chart, course)),
    stripOf('Mode', modesOf(report), course),
    '<h2>Operations</h2>',
    operationsOf(report),
    '<h2>Capacity</h2>',
    capacityOf(report),
    '<h2>The run</h2>',
    runOf(report),
    '</body></html>\n',
  ].join('\n')
}

function contextOf({ asked, begun, machine, versions, server }: Report): string {
  const where = server.own ? `a server of its own (${server.fileSystem ?? 'unknown file system'})` : server.url
  const scale = asked.scale === 1 ? '' : `, ${asked.scale} times the rates`
  return `${asked.seconds} s${scale}, seed ${asked.seed}, begun ${begun}; ${where}, Lighthouse ${versions.server}, Node ${versions.node}; ${machine.cores} cores of ${machine.cpu}, load ${machine.load.join(' ')}`
}

type Row = readonly string[]

function table(head: Row, rows: readonly Row[]): string {
  const cells = (row: Row, tag: string) => row.map(cell => `<${tag}>${cell}</${tag}>`).join('')
  const body = rows.map(row => `<tr>${cells(row, 'td')}</tr>`).join('\n')
  return `<div class="wide"><table><thead><tr>${cells(head, 'th')}</tr></thead><tbody>\n${body}\n</tbody></table></div>`
}

function verdictsOf(verdicts: readonly LevelVerdict[]): string {
  const rows = verdicts.map(({ of, measured, bound, unit, holds }) => [
    escaped(of),
    Number.isFinite(measured) ? `${figure(measured)} ${unit}` : 'never',
    `≤ ${figure(bound)} ${unit}`,
    holds ? '<b class="good">holds</b>' : '<b class="bad">does not hold</b>',
  ])
  return table(['verdict', 'measured', 'bound', ''], rows)
}

const figure = (value: number) => (Number.isFinite(value) ? String(Math.round(value * 100) / 100) : 'never')

function chartsOf({ series, samples, asked }: Report): readonly Chart[] {
  const seen = samples.filter(
    ({ answeredMs, second }) => answeredMs !== undefined && second >= 0 && second <= asked.seconds,
  )
  const by = (value: (point: SeriesPoint) => number) =>
    (Object.entries(series) as [LoadOperation, readonly SeriesPoint[]][]).map(([name, points]) => ({
      name,
      points: points.map(point => [point.second, value(point)] as const),
    }))
  const refused = by(({ refusedPerSecond }) => refusedPerSecond)
    .filter(({ points }) => points.some(([, value]) => value > 0))
    .map(({ name, points }) => ({ name: `${name}, refused`, points }))
  const of = (name: string, value: (sample: Sample) => number) => ({
    name,
    points: seen.map(sample => [sample.second, value(sample)] as const),
  })
  return [
    { title: 'Operations', unit: 'a second', lines: [...by(({ perSecond }) => perSecond), ...refused] },
    { title: 'Events', unit: 'a second', lines: by(({ eventsPerSecond }) => eventsPerSecond) },
    { title: 'Median', unit: 'ms, from when it was to be sent', lines: by(({ p50Ms }) => p50Ms), isLogarithmic: true },
    { title: '99th percentile', unit: 'ms', lines: by(({ p99Ms }) => p99Ms), isLogarithmic: true },
    {
      title: 'Memory of the server',
      unit: 'MB',
      lines: [of('resident', one => one.residentBytes / 1e6), of('heap in use', one => one.heapBytes / 1e6)],
    },
    { title: 'Processor time of the server', unit: 'cores', lines: [coresOf(seen)] },
    { title: 'Waiting appends', unit: '', lines: [of('appends that wait for the disk', one => one.queued)] },
    {
      title: 'How long the server takes to show its figures',
      unit: 'ms',
      lines: [of('/metrics', one => one.answeredMs ?? 0), of('event loop', one => one.eventLoopMs)],
      isLogarithmic: true,
    },
  ]
}

function coresOf(seen: readonly Sample[]) {
  const points = seen.slice(1).map(({ second, cpuSeconds }, at) => {
    const before = seen[at] as Sample
    // One that was brought up again begins at nothing.
    const spent = cpuSeconds >= before.cpuSeconds ? cpuSeconds - before.cpuSeconds : cpuSeconds
    return [second, spent / Math.max(0.1, second - before.second)] as const
  })
  return { name: 'cores', points }
}

/** A stretch for each time in which the mode stayed what it was, up to when another was seen. */
function modesOf({ samples }: Report): readonly ModeStretch[] {
  const stretches: { name: string; from: number; to: number }[] = []
  for (const { mode, second } of samples) {
    const last = stretches.at(-1)
    if (last !== undefined) last.to = second
    if (last?.name !== mode) stretches.push({ name: mode, from: second, to: second })
  }
  return stretches
}

function operationsOf({ operations }: Report): string {
  const head = [
    'operation',
    'done',
    'events',
    'refused',
    'unanswered',
    'failed',
    'p50',
    'p95',
    'p99',
    'p99.9',
    'most, ms',
  ]
  const rows = operations.map(({ operation, phases, counts, times }) => [
    phases === 'usual' ? operation : `${operation}, beyond`,
    ...[counts.done, counts.events, counts.refused + counts.curt, counts.unanswered, counts.failed].map(shortened),
    ...[times.p50Ms, times.p95Ms, times.p99Ms, times.p999Ms, times.maxMs].map(figure),
  ])
  const beyond = '<p class="soft">beyond: while the server was asked for more than it may be able to do</p>'
  return table(head, rows) + (operations.some(({ phases }) => phases === 'beyond') ? beyond : '')
}

function capacityOf({ capacity, breakingPoint }: Report): string {
  if (capacity === undefined) return '<p>Nothing was stored while somebody looked.</p>'
  const { daysLeft } = capacity
  const rows = [
    ['events a second, on average', figure(capacity.eventsPerSecond)],
    ['cores that the server kept busy', figure(capacity.cores)],
    ['events a second and core, at this price', shortened(capacity.eventsPerSecondAndCore)],
    ['bytes on disk for an event', shortened(capacity.bytesPerEvent)],
    ['growth in a day at this rate', `${shortened(capacity.bytesPerDay)}B`],
    ['days until the volume is full at this rate', daysLeft === undefined ? 'unknown from here' : figure(daysLeft)],
    ...(breakingPoint === undefined
      ? []
      : [['operations a second at which it no longer answered in time', String(breakingPoint.perSecond)]]),
  ]
  return table(['figure', ''], rows)
}

function memoryOf({ points, heapPercentPerHour, residentPercentPerHour }: Report['memory']): string[][] {
  const last = points.at(-1)
  if (last === undefined) return []
  const growth = (percent: number | undefined) => (percent === undefined ? 'unknown' : figure(percent))
  return [
    ['heap of the server after the last collection', `${shortened(last.heapBytes)}B`],
    [
      'growth in the last half, of the heap after collections and of what is resident, percent an hour',
      `${growth(heapPercentPerHour)}, ${growth(residentPercentPerHour)}`,
    ],
  ]
}

function runOf(report: Report): string {
  const { asked, schedule, store, told, faults, versions, machine, disk, memory, generators, part } = report
  const rows = [
    ...(part === undefined
      ? []
      : [['part, and events of the store before it', `${part.number}, ${part.eventsBefore}`]]),
    ...(part?.rechecked ?? []).map(({ part: number, generator, stored, lost, doubled, changed, unknown }) => [
      `${generator} of part ${number}: stored still, lost, doubled, changed, and sent by nobody`,
      [stored, ...[lost, doubled, changed, unknown].map(({ count }) => count)].join(', '),
    ]),
    ['operations of the schedule, and sent', `${schedule.planned}, ${schedule.begun}`],
    ['processes that sent them', String(schedule.generators)],
    ['sent late by: median, p99, most', `${schedule.late.p50Ms}, ${schedule.late.p99Ms}, ${schedule.late.maxMs} ms`],
    ['held because too many were under way', String(schedule.held)],
    ['events acknowledged, and stored', `${store.acknowledged}, ${store.stored}`],
    ['lost, doubled, changed, and sent by nobody', Object.values(store.suspects).join(', ')],
    ...memoryOf(memory),
    ...generators.map(({ name, firstHalf, secondHalf, check }) => [
      `most memory of ${name}: in each half, and in the check`,
      [firstHalf, secondHalf, check].map(bytes => `${shortened(bytes)}B`).join(', '),
    ]),
    ['written, by the clock of the server', `${store.writtenFrom} to ${store.writtenTo}`],
    ['the clock of the server went faster than here by', `${asked.clock}`],
    ['removed by the rules of the store', String(store.retired)],
    ['stored, and the answer never came', String(store.unacknowledged)],
    ...faults.map(({ kind, at, awaySeconds, recoveredAfterSeconds }) => [
      `${kind} at ${at} s`,
      `away ${awaySeconds} s, recovered after ${figure(recoveredAfterSeconds ?? Number.POSITIVE_INFINITY)} s`,
    ]),
    ...(disk === null
      ? []
      : [['a write and its sync on this disk alone: median, p99', `${disk.p50Ms}, ${disk.p99Ms} ms`]]),
    ['machine', `${machine.system}, ${shortened(machine.memoryBytes)}B, command ${versions.command}`].map(escaped),
  ]
  const failures = told.map(text => `<p class="bad">${escaped(text)}</p>`).join('\n')
  return `${table(['', ''], rows)}${failures}`
}
