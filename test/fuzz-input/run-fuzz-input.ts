// Sends odd inputs to the real server for as long as you like: npm run fuzz:inputs -- --frames 1000000 --requests 100000 [--seed N --minutes M --only NUMBER].
import { parseArgs } from 'node:util'
import { Campaign } from './campaign.js'

const { values } = parseArgs({
  options: {
    frames: { type: 'string', default: '100000' },
    requests: { type: 'string', default: '10000' },
    minutes: { type: 'string', default: '600' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    only: { type: 'string' },
  },
})

const begun = performance.now()
const campaign = new Campaign({
  seed: Number(values.seed),
  frames: Number(values.frames),
  requests: Number(values.requests),
  untilMs: begun + Number(values.minutes) * 60_000,
  only: values.only === undefined ? undefined : Number(values.only),
})
const told = new Set<number>()
const tell = () => {
  const seconds = Math.round((performance.now() - begun) / 1_000)
  process.stdout.write(
    `${seconds} s, seed ${values.seed}: ${JSON.stringify(campaign.counts)}, ${campaign.faults.length} faults\n`,
  )
  for (const [at, { what, input, bytes, shown }] of campaign.faults.entries()) {
    if (told.has(at)) continue
    told.add(at)
    process.stdout.write(`  input ${input} (${bytes} bytes): ${what}\n    ${shown}\n`)
  }
}
const timer = setInterval(tell, 5_000)
try {
  await campaign.run()
} finally {
  clearInterval(timer)
  tell()
}
const smallest = campaign.faults.filter(({ input }) => input >= 0).sort((a, b) => a.bytes - b.bytes)[0]
if (smallest !== undefined) {
  const { frames, requests } = values
  process.stdout.write(
    `the smallest again: npm run fuzz:inputs -- --frames ${frames} --requests ${requests} --seed ${values.seed} --only ${smallest.input}\n`,
  )
}
process.exitCode = campaign.faults.length === 0 ? 0 : 1
