// The trend page: what the series holds, as plots in one HTML file that needs nothing else.
import { writeFileSync } from 'node:fs'
import { short } from '../engine/report.js'
import { BLOCK_BEYOND, LOOK_BEYOND } from './judge.js'
import { rangeOf } from './run.js'
import type { SeriesLine } from './series.js'

const WIDTH = 720
const HEIGHT = 190
const LEFT = 52
const RIGHT = 12
const EDGE = 14
/** Of what is plotted of one figure: the newest. */
const MOST_RUNS = 200

/** Beside the series, with its name; returns where. */
export function writeTrendPage(series: string, lines: readonly SeriesLine[]): string {
  const path = `${series.replace(/\.jsonl$/, '')}.html`
  writeFileSync(path, trendPage(lines))
  return path
}

export function trendPage(lines: readonly SeriesLine[]): string {
  const ordered = lines.toSorted((a, b) => a.at.localeCompare(b.at))
  const figures = Map.groupBy(ordered, ({ row, measure }) => `${row} ${measure}`)
  const runs = new Set(ordered.map(({ id }) => id)).size
  const sections = [...figures.values()].map(section).join('\n')
  const span = ordered.length === 0 ? 'nothing yet' : `${runs} runs, ${day(ordered[0])} to ${day(ordered.at(-1))}`
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Lighthouse: trend of the gate</title>
<style>${STYLE}</style>
<h1>Trend of the gate</h1>
<p>${span}. A ratio above 1 means that the newer of two commits is slower; the bar is its 95 % interval. Beyond ${LOOK_BEYOND} with the whole
bar somebody looks, beyond ${BLOCK_BEYOND} the change is blocked. The line goes on from one run to the next where each began with the
commit that the one before ended with, and multiplies what they say: small steps that no single run shows.</p>
${sections}
</html>
`
}

function section(all: readonly SeriesLine[]): string {
  const lines = all.slice(-MOST_RUNS)
  const [{ row, measure, unit }] = lines as [SeriesLine]
  const newest = lines.at(-1) as SeriesLine
  const judged = `${rangeOf(newest)} ${newest.judgement}`
  return `<section>
<h2>${escaped(row)}${measure === 'cpu' ? ', CPU' : ''}</h2>
<p>${escaped(newest.before)} → ${escaped(newest.after)}: ${figuresOf(newest)}, ${judged}</p>
${ratioPlot(lines)}
${figurePlot(lines, unit)}
${table(lines)}
</section>`
}

function figuresOf({ figures: [before, after], unit }: SeriesLine): string {
  return `${short(before)} → ${short(after)} ${escaped(unit)}`
}

function ratioPlot(lines: readonly SeriesLine[]): string {
  const chained = compounded(lines)
  const values = [...lines.flatMap(({ low, high }) => [low, high]), ...chained, 0.95, BLOCK_BEYOND + 0.02]
  const { x, y, axis } = scales(lines.length, Math.min(...values), Math.max(...values))
  const bounds = [1, LOOK_BEYOND, BLOCK_BEYOND].map(
    bound => `<line class="bound" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(bound)}" y2="${y(bound)}"/>`,
  )
  const points = lines.map((line, at) => {
    const { low, high, ratio, judgement } = line
    return `<g class="${judgement}"><title>${titleOf(line)}</title><line x1="${x(at)}" x2="${x(at)}" y1="${y(low)}" y2="${y(high)}"/><circle cx="${x(at)}" cy="${y(ratio)}" r="3"/></g>`
  })
  const path = chained.map((value, at) => `${x(at)},${y(value)}`).join(' ')
  return plot('ratio', [axis, ...bounds, `<polyline points="${path}"/>`, ...points])
}

/** The figure itself differs between machines, so each has a shape of its own. */
function figurePlot(lines: readonly SeriesLine[], unit: string): string {
  const machines = [...new Set(lines.map(machineOf))]
  const values = lines.map(({ figures }) => figures[1])
  const { x, y, axis } = scales(lines.length, 0, Math.max(...values) * 1.05)
  const points = lines.map((line, at) => {
    const shape = machines.indexOf(machineOf(line)) % 4
    return `<g class="machine${shape}"><title>${titleOf(line)}</title><circle cx="${x(at)}" cy="${y(line.figures[1])}" r="3"/></g>`
  })
  const legend = machines.map((name, at) => `<li class="machine${at % 4}">${escaped(name)}</li>`).join('')
  return `${plot(unit, [axis, ...points])}<ul>${legend}</ul>`
}

/** Begins again with 1 where a run does not follow on the one before. */
export function compounded(lines: readonly SeriesLine[]): number[] {
  let product = 1
  return lines.map((line, at) => {
    product = (lines[at - 1]?.after === line.before ? product : 1) * line.ratio
    return product
  })
}

function scales(count: number, least: number, most: number) {
  const x = (at: number) => round(LEFT + ((WIDTH - LEFT - RIGHT) * (at + 0.5)) / count)
  const y = (value: number) => round(HEIGHT - EDGE - ((HEIGHT - 2 * EDGE) * (value - least)) / (most - least || 1))
  const ticks = Array.from({ length: 5 }, (_, at) => least + ((most - least) * at) / 4)
  const axis = ticks
    .map(tick => `<text x="${LEFT - 6}" y="${y(tick) + 4}" text-anchor="end">${short(tick)}</text>`)
    .join('')
  return { x, y, axis }
}

function plot(name: string, parts: readonly string[]): string {
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(name)}">${parts.join('')}</svg>`
}

function table(lines: readonly SeriesLine[]): string {
  const rows = lines
    .toReversed()
    .map(line => {
      const cells = [line.at.slice(0, 16), line.kind, `${line.before} → ${line.after}`, figuresOf(line), rangeOf(line)]
      return `<tr class="${line.judgement}">${[...cells, line.judgement].map(cell => `<td>${cell}</td>`).join('')}</tr>`
    })
    .join('\n')
  return `<details><summary>all ${lines.length}</summary><table>${rows}</table></details>`
}

function titleOf(line: SeriesLine): string {
  return escaped(
    `${line.at.slice(0, 16)} ${line.before} → ${line.after}: ${rangeOf(line)} ${line.judgement}, ${short(line.figures[1])} ${line.unit}, ${machineOf(line)}`,
  )
}

function machineOf({ machine: { cpu, cores, node } }: SeriesLine): string {
  return `${cpu}, ${cores} cores, Node ${node}`
}

function day(line: SeriesLine | undefined): string {
  return line?.at.slice(0, 10) ?? ''
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function escaped(text: string): string {
  const signs: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  return text.replaceAll(/[&<>"]/g, sign => signs[sign] as string)
}

const STYLE = `
:root { color-scheme: light dark; --good: #2a7d4f; --look: #b7791f; --block: #c53030; --line: #8a94a6; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 760px; margin: 2rem auto; padding: 0 1rem; }
svg { width: 100%; height: auto; display: block; font-size: 11px; fill: currentColor; }
line, polyline { stroke: currentColor; fill: none; stroke-width: 1.5; }
.bound { stroke: var(--line); stroke-dasharray: 4 4; }
polyline { stroke: var(--line); }
.good { color: var(--good); } .look { color: var(--look); } .block { color: var(--block); }
.machine0 { color: #2b6cb0; } .machine1 { color: #805ad5; } .machine2 { color: #b7791f; } .machine3 { color: #2c7a7b; }
ul { list-style: square; padding-left: 4.5rem; margin: 0; font-size: 12px; }
table { border-collapse: collapse; font-size: 12px; } td { padding: 1px 8px 1px 0; white-space: nowrap; }
section { margin-top: 2.5rem; } details { margin-top: .5rem; overflow-x: auto; }
@media (prefers-color-scheme: dark) { :root { --good: #68d391; --look: #f6ad55; --block: #fc8181; }
.machine0 { color: #63b3ed; } .machine1 { color: #b794f4; } .machine2 { color: #f6ad55; } .machine3 { color: #4fd1c5; } }
`
