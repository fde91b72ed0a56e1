// The checker at length: npm run follow [-- --cuts N --kills N --seed N].
import { parseArgs } from 'node:util'
import { check } from './checker.js'

const { values } = parseArgs({
  options: {
    cuts: { type: 'string', default: '5000' },
    kills: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
const effort = { cuts: Number(values.cuts), kills: Number(values.kills), seed: Number(values.seed) }
process.stdout.write(`seed ${effort.seed}\n`)
const begun = Date.now()
const findings = await check(effort, text => process.stdout.write(`${text}\n`))
process.stdout.write(`${JSON.stringify({ ...findings, seconds: (Date.now() - begun) / 1000 }, null, 2)}\n`)
process.exitCode = findings.wrong.length === 0 ? 0 : 1
