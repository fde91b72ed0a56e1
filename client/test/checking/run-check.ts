// The checker of clients at length: npm run clients:check [-- --client typescript|python --cuts N --kills N --seed N].
import { parseArgs } from 'node:util'
import { missing } from '../support/python.js'
import { check } from './checker.js'
import { CLIENTS } from './client-process.js'

const { values } = parseArgs({
  options: {
    client: { type: 'string', multiple: true, default: [...CLIENTS] },
    cuts: { type: 'string', default: '500' },
    kills: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
const effort = { cuts: Number(values.cuts), kills: Number(values.kills), seed: Number(values.seed) }
for (const name of values.client) {
  const kind = CLIENTS.find(one => one === name)
  if (kind === undefined) throw new Error(`--client is one of ${CLIENTS.join(', ')}`)
  if (kind === 'python' && missing !== undefined) throw new Error(missing)
  process.stdout.write(`${kind}, seed ${effort.seed}\n`)
  const begun = Date.now()
  const verdict = await check(kind, effort, text => process.stdout.write(`${text}\n`))
  process.stdout.write(`${JSON.stringify({ ...verdict, seconds: (Date.now() - begun) / 1000 }, null, 2)}\n`)
  if (verdict.wrong.length > 0) process.exitCode = 1
}
