// Read your writes at length: npm run threads:pairs [-- --pairs N --threads N].
import { parseArgs } from 'node:util'
import { appendThenRead } from './pairs.js'

const { values } = parseArgs({
  options: { pairs: { type: 'string', default: '100000' }, threads: { type: 'string', default: '2' } },
})
const begun = Date.now()
const found = await appendThenRead(Number(values.pairs), Number(values.threads))
process.stdout.write(`${JSON.stringify({ ...found, seconds: (Date.now() - begun) / 1_000 }, null, 2)}\n`)
process.exitCode = found.stale === 0 ? 0 : 1
