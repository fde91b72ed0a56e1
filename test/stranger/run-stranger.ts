// `npm run stranger [-- --quick]`: takes the way of somebody who has just found the project, from the clone to the thirtieth mistake, and prints all of it.
//
// It needs git, util-linux (`script`), curl and jq, and npm's registry or a cache of it; half an hour, or with --quick,
// which runs a part of the tests, ten minutes. It leaves nothing behind.
import assert from 'node:assert/strict'
import { parseArgs } from 'node:util'
import { Clone } from './clone.js'
import { checkMistakes } from './mistakes.js'
import { checkPages } from './pages.js'
import { checkStart } from './start.js'
import { Command, hasTerminals } from './terminal.js'

/** The trial that presses every button of the page `/docs`: a pattern of `npm run test:tools`. */
const SWAGGER_TRIAL = 'every-button'
/** A part of the tests that shows that they run. */
const QUICK_TESTS = 'src/contract'
const HOUR_MS = 3_600_000

export type Check = (name: string, work: () => Promise<void> | void) => Promise<void>

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } })
const givenUp = new AbortController()
let passed = 0
let failed = 0

const check: Check = async (name, work) => {
  givenUp.signal.throwIfAborted()
  const from = Date.now()
  const fault = await Promise.resolve()
    .then(work)
    .then(
      () => undefined,
      error => error as Error,
    )
  if (fault === undefined) passed++
  else failed++
  const took = ((Date.now() - from) / 1000).toFixed(1)
  console.log(`${fault === undefined ? 'ok    ' : 'FAILED'} ${took.padStart(6)} s  ${name}`)
  if (fault !== undefined) console.log(fault.message.replaceAll(/^/gm, '    '))
}

const clone = await Clone.make()
let left: Promise<void> | undefined
const leave = () => {
  left ??= Command.destroyAll().then(() => clone.remove())
  return left
}
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    givenUp.abort()
    void leave().finally(() => process.exit(1))
  })
try {
  await checkStart(clone, check)
  const pattern = values.quick ? ` -- ${QUICK_TESTS}` : ''
  const ways = [Command.offTerminal, ...(hasTerminals() ? [Command.onTerminal] : [])]
  for (const way of ways)
    await check(`npm test${pattern} ${way === Command.onTerminal ? 'on' : 'off'} a terminal`, () =>
      ends(way(`npm test${pattern}`, clone)),
    )
  await checkPages(clone, check, givenUp.signal)
  await checkMistakes(clone, check)
  await check('every operation of /docs, pressed in a browser', () =>
    ends(Command.offTerminal(`npm run test:tools -- ${SWAGGER_TRIAL}`, clone)),
  )
} finally {
  await leave()
}
console.log(`\n${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

/** With code 0, and the last line that every run of tests has. */
async function ends(command: Command): Promise<void> {
  const late = setTimeout(() => command.destroy(), HOUR_MS)
  const code = await command.over
  clearTimeout(late)
  const last = command.lines.slice(-12).join('\n')
  console.log(last.replaceAll(/^/gm, '    '))
  assert.match(
    last,
    /\d+ passed, 0 failed, \d+ skipped\s*$/,
    'it did not end with the counts of a run without failures',
  )
  assert.equal(code, 0)
}
