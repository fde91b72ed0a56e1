// A plot over the time of a run as SVG that needs nothing else: lines with a scale, phases as bands, faults as marks.

export interface Curve {
  readonly name: string
  readonly points: readonly (readonly [second: number, value: number])[]
}

export interface Chart {
  readonly title: string
  readonly unit: string
  readonly lines: readonly Curve[]
  /** Times differ by powers of ten, so they are drawn by these. */
  readonly isLogarithmic?: boolean
}

export interface Course {
  readonly seconds: number
  readonly bands: readonly { readonly name: string; readonly begins: number; readonly ends: number }[]
  readonly marks: readonly { readonly name: string; readonly second: number }[]
}

const WIDTH = 880
const HEIGHT = 240
const LEFT = 64
const RIGHT = 12
const TOP = 28
const BOTTOM = 28
const COLOURS = ['#2563eb', '#d97706', '#059669', '#db2777', '#7c3aed', '#0891b2', '#65a30d', '#dc2626', '#64748b']
const STEPS = 5
const LEAST_OF_LOG = 0.1

export function chartOf({ title, unit, lines, isLogarithmic = false }: Chart, course: Course): string {
  const most = Math.max(isLogarithmic ? 1 : 0, ...lines.flatMap(({ points }) => points.map(([, value]) => value)))
  const scale = isLogarithmic ? logarithmic(most) : linear(most)
  const x = (second: number) => LEFT + (second / course.seconds) * (WIDTH - LEFT - RIGHT)
  const y = (value: number) => HEIGHT - BOTTOM - scale.share(value) * (HEIGHT - TOP - BOTTOM)
  const drawn = lines.map(({ points }, at) => {
    const path = points.map(([second, value]) => `${x(second).toFixed(1)},${y(value).toFixed(1)}`).join(' ')
    return `<polyline points="${path}" stroke="${colourOf(at)}" class="line"/>`
  })
  const legend = lines.map(({ name }, at) => `<span><i style="background:${colourOf(at)}"></i>${escaped(name)}</span>`)
  return [
    `<figure><figcaption>${escaped(title)} <small>${escaped(unit)}</small></figcaption>`,
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}">`,
    ...bandsOf(course, x),
    ...scale.ticks.map(value => gridLine(value, y(value))),
    ...timesOf(course.seconds).map(
      second => `<text x="${x(second).toFixed(1)}" y="${HEIGHT - 8}" class="tick middle">${timeIn(second)}</text>`,
    ),
    ...drawn,
    ...course.marks.map(({ name, second }) => mark(name, x(second))),
    `</svg><p class="legend">${legend.join('')}</p></figure>`,
  ].join('\n')
}

const colourOf = (at: number) => COLOURS[at % COLOURS.length]

function bandsOf({ bands }: Course, x: (second: number) => number): string[] {
  return bands.map(({ name, begins, ends }, at) => {
    const width = x(ends) - x(begins)
    const shade = at % 2 === 0 ? 'even' : 'odd'
    const band = `<rect x="${x(begins).toFixed(1)}" y="${TOP}" width="${width.toFixed(1)}" height="${HEIGHT - TOP - BOTTOM}" class="${shade}"/>`
    // About six units a letter.
    const words = name.length * 6 > width ? '' : escaped(name)
    return `${band}<text x="${(x(begins) + width / 2).toFixed(1)}" y="${TOP - 8}" class="band middle">${words}</text>`
  })
}

function mark(name: string, x: number): string {
  const line = `<line x1="${x.toFixed(1)}" x2="${x.toFixed(1)}" y1="${TOP}" y2="${HEIGHT - BOTTOM}" class="mark"/>`
  return `${line}<text x="${(x + 4).toFixed(1)}" y="${TOP + 12}" class="mark">${escaped(name)}</text>`
}

function gridLine(value: number, y: number): string {
  const line = `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}" class="grid"/>`
  return `${line}<text x="${LEFT - 6}" y="${(y + 4).toFixed(1)}" class="tick end">${shortened(value)}</text>`
}

interface Scale {
  readonly ticks: readonly number[]
  readonly share: (value: number) => number
}

function linear(most: number): Scale {
  const step = roundStep(most / STEPS)
  const top = Math.max(step, Math.ceil(most / step) * step)
  const ticks = Array.from({ length: Math.round(top / step) + 1 }, (_, at) => at * step)
  return { ticks, share: value => Math.max(0, value) / top }
}

function logarithmic(most: number): Scale {
  const decades = Math.max(1, Math.ceil(Math.log10(most / LEAST_OF_LOG)))
  const ticks = Array.from({ length: decades + 1 }, (_, at) => LEAST_OF_LOG * 10 ** at)
  return { ticks, share: value => Math.max(0, Math.log10(Math.max(value, LEAST_OF_LOG) / LEAST_OF_LOG) / decades) }
}

/** 1, 2 or 5 times a power of ten. */
function roundStep(step: number): number {
  if (!(step > 0)) return 1
  const power = 10 ** Math.floor(Math.log10(step))
  const rest = step / power
  return power * (rest <= 1 ? 1 : rest <= 2 ? 2 : rest <= 5 ? 5 : 10)
}

function timesOf(seconds: number): readonly number[] {
  const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600].find(one => seconds / one <= 12)
  const each = step ?? 43_200
  return Array.from({ length: Math.floor(seconds / each) + 1 }, (_, at) => at * each)
}

function timeIn(second: number): string {
  if (second < 60) return `${second} s`
  const [minutes, rest] = [Math.floor(second / 60), second % 60]
  return `${minutes}:${String(rest).padStart(2, '0')}`
}

export interface ModeStretch {
  readonly name: string
  readonly from: number
  readonly to: number
}

const STRIP_HEIGHT = 64
/** In the order in which they are worse, and what has no place in it. */
const MODES: Readonly<Record<string, string>> = {
  NORMAL: '#059669',
  RECOVERING: '#2563eb',
  WARNING: '#ca8a04',
  DEGRADED: '#ea580c',
  EMERGENCY: '#dc2626',
}
const OTHER_MODE = '#64748b'

/** What lasted from when to when, in the scale of the plots above it. */
export function stripOf(title: string, stretches: readonly ModeStretch[], { seconds, marks }: Course): string {
  const x = (second: number) => LEFT + (Math.min(seconds, Math.max(0, second)) / seconds) * (WIDTH - LEFT - RIGHT)
  const drawn = stretches.map(({ name, from, to }) => {
    const width = Math.max(1, x(to) - x(from))
    const colour = MODES[name] ?? OTHER_MODE
    return `<rect x="${x(from).toFixed(1)}" y="12" width="${width.toFixed(1)}" height="28" fill="${colour}"/>`
  })
  const names = [...new Set(stretches.map(({ name }) => name))]
  const legend = names.map(
    name => `<span><i style="background:${MODES[name] ?? OTHER_MODE}"></i>${escaped(name)}</span>`,
  )
  return [
    `<figure><figcaption>${escaped(title)}</figcaption>`,
    `<svg viewBox="0 0 ${WIDTH} ${STRIP_HEIGHT}" role="img" aria-label="${escaped(title)}">`,
    ...drawn,
    ...timesOf(seconds).map(
      second =>
        `<text x="${x(second).toFixed(1)}" y="${STRIP_HEIGHT - 8}" class="tick middle">${timeIn(second)}</text>`,
    ),
    ...marks.map(
      ({ second }) => `<line x1="${x(second).toFixed(1)}" x2="${x(second).toFixed(1)}" y1="4" y2="44" class="mark"/>`,
    ),
    `</svg><p class="legend">${legend.join('')}</p></figure>`,
  ].join('\n')
}

export function shortened(value: number): string {
  if (value >= 1e9) return `${Number((value / 1e9).toPrecision(3))} G`
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))} M`
  if (value >= 10_000) return `${Number((value / 1e3).toPrecision(3))} k`
  return String(Number(value.toPrecision(3)))
}

export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, letter => `&#${letter.charCodeAt(0)};`)
}
