// A hostile agent at length: npm run hostile [-- --seconds 120 --as agent|guest|stranger|all --attacks "glob reads,long polls" --scale 1 --out FILE].
import { writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import type { Who } from './front.js'
import { ATTACKS, holdTrial, type TrialReport } from './trial.js'
import { verdictsOf } from './verdicts.js'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '120' },
    baseline: { type: 'string', default: '30' },
    rest: { type: 'string', default: '60' },
    as: { type: 'string', default: 'all' },
    events: { type: 'string', default: '60000' },
    agents: { type: 'string', default: '20' },
    rate: { type: 'string', default: '5' },
    scale: { type: 'string', default: '1' },
    attacks: { type: 'string', default: ATTACKS.join(',') },
    out: { type: 'string' },
  },
})
const WHO: readonly Who[] = ['agent', 'guest', 'stranger']
const attacks = values.attacks.split(',').map(name => name.trim())
const unknown = attacks.filter(name => !ATTACKS.includes(name))
const all = values.as === 'all' ? WHO : WHO.filter(who => who === values.as)

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

function tell({ attacks, honest, loop, residentMb, acknowledged, complaints }: TrialReport): void {
  for (const [attack, { sent, answers }] of Object.entries(attacks)) {
    const found = Object.entries(answers).sort(([, one], [, other]) => other - one)
    say(`  ${attack}: ${sent} sent; ${found.map(([label, count]) => `${count} × ${label}`).join(', ')}`)
  }
  for (const phase of ['alone', 'beside'] as const) {
    const { sent, appendMs, readMs, reads, errors, followed } = honest[phase]
    const appends = `${sent} appends p50 ${appendMs.p50} p99 ${appendMs.p99} max ${appendMs.max} ms`
    const others = `${reads} reads p99 ${readMs.p99} ms, ${followed.delivered}/${followed.expected} delivered`
    say(`  honest, ${phase}: ${appends}; ${others}; errors ${JSON.stringify(errors)}`)
    const { delayMs, cpuSeconds, seconds, stalls } = loop[phase] ?? {}
    say(`  loop, ${phase}: ${JSON.stringify(delayMs)} ms; ${cpuSeconds} CPU s in ${seconds} s`)
    if (phase === 'beside') say(`  longest delays: ${JSON.stringify(stalls)}`)
  }
  const { before, peak, after } = residentMb
  say(`  resident: ${before} MB before, ${peak} MB at most, ${after} MB afterwards; ${acknowledged} acknowledged`)
  for (const line of complaints.slice(0, 5)) say(`  the server complains: ${line.slice(0, 500)}`)
}

async function run(): Promise<boolean> {
  const trials: object[] = []
  let good = true
  for (const who of all) {
    say(`as ${who}:`)
    const report = await holdTrial(
      {
        as: [who],
        seconds: Number(values.seconds),
        baselineSeconds: Number(values.baseline),
        restSeconds: Number(values.rest),
        events: Number(values.events),
        agents: Number(values.agents),
        appendsPerSecond: Number(values.rate),
        scale: Number(values.scale),
        attacks,
      },
      say,
    )
    tell(report)
    const verdicts = verdictsOf(report)
    for (const { what, found, limit, holds } of verdicts)
      say(`  ${holds ? '✓' : '✗'} ${what}: ${found}, at most ${limit}`)
    good &&= verdicts.every(({ holds }) => holds)
    trials.push({ ...report, verdicts })
  }
  const machine = { cpu: cpus()[0]?.model, cpus: cpus().length, load: loadavg(), node: process.versions.node }
  if (values.out !== undefined) {
    writeFileSync(
      values.out,
      `${JSON.stringify({ at: new Date().toISOString(), machine, options: values, trials }, null, 2)}\n`,
    )
  }
  return good
}

if (unknown.length > 0 || all.length === 0) {
  say(`attacks are: ${ATTACKS.join(', ')}; as: ${WHO.join(', ')} or all`)
  process.exitCode = 2
} else {
  process.exitCode = (await run()) ? 0 : 1
}
