// The checker at length: npm run follow [-- --cuts N --kills N --pause SECONDS --seed N --threads N --front-kills N].
import { parseArgs } from 'node:util'
import { check } from './checker.js'

const { values } = parseArgs({
  options: {
    cuts: { type: 'string', default: '5000' },
    kills: { type: 'string', default: '20' },
    pause: { type: 'string', default: '60' },
    threads: { type: 'string', default: '1' },
    'front-kills': { type: 'string', default: '0' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
const effort = {
  cuts: Number(values.cuts),
  kills: Number(values.kills),
  pauseSeconds: Number(values.pause),
  seed: Number(values.seed),
  threads: Number(values.threads),
  frontKills: Number(values['front-kills']),
}
process.stdout.write(`seed ${effort.seed}\n`)
const begun = Date.now()
const findings = await check(effort, text => process.stdout.write(`${text}\n`))
process.stdout.write(`${JSON.stringify({ ...findings, seconds: (Date.now() - begun) / 1000 }, null, 2)}\n`)
process.exitCode = findings.wrong.length === 0 ? 0 : 1
