// The first minute: `npm start` on a terminal and off it, what it prints, what of that works, and a second start beside it.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import type { Clone } from './clone.js'
import type { Check } from './run-stranger.js'
import { Command, hasTerminals } from './terminal.js'

const TOKEN = /eyJ[\w-]+\.[\w-]+\.[\w-]+/
const SETUP_MS = 1_800_000
const SECOND_START_MS = 120_000
/** What npm answers to ^C, whatever the server does. */
const ENDED_BY_HAND = 130
/** A terminal has 24 lines at least. */
const SCREEN = 24

export async function checkStart(clone: Clone, check: Check): Promise<void> {
  if (hasTerminals()) {
    await check('npm start on a terminal, in a clone that has nothing yet', () => startsOnTerminal(clone, check))
  } else console.log('skipped: npm start on a terminal, for util-linux has no `script` here')
  await check('npm start off a terminal', () => startsOff(clone))
}

async function startsOnTerminal(clone: Clone, check: Check): Promise<void> {
  const server = Command.onTerminal('npm start', clone)
  try {
    await server.until(TOKEN, SETUP_MS)
    await answers(clone)
    const lines = linesOf(server)
    print(lines)
    await check('  the token, the address and /docs stand on the screen', () => {
      const screen = lines.slice(-SCREEN).join('\n')
      assert.match(screen, TOKEN)
      assert.ok(screen.includes(clone.address), `the last ${SCREEN} lines do not say ${clone.address}`)
      assert.match(screen, /\/docs/)
    })
    await check('  the lines of curl that it prints work', () => {
      const commands = lines.map(line => line.trim()).filter(line => /^(?:export|curl) /.test(line))
      const asked = commands.filter(command => command.startsWith('curl '))
      assert.notEqual(asked.length, 0, 'there is none')
      const script = commands
        .map(command => command.replace(/^curl /, 'curl -sS --fail-with-body -m 20 '))
        .join(' &&\n')
      const { status, stdout } = spawnSync('bash', ['-c', script], { encoding: 'utf8' })
      assert.equal(status, 0, `${script}\n${stdout}`)
    })
    await check('  a second start beside it says why not, in a few lines', () => startsTwice(clone))
    const code = await server.end()
    assert.ok([0, ENDED_BY_HAND].includes(code), `after ^C it ended with ${code}`)
  } finally {
    await server.destroy()
  }
}

async function startsTwice(clone: Clone): Promise<void> {
  const second = Command.onTerminal('npm start', clone)
  const late = setTimeout(() => second.destroy(), SECOND_START_MS)
  try {
    assert.notEqual(await second.over, 0)
  } finally {
    clearTimeout(late)
    await second.destroy()
  }
  const lines = linesOf(second)
  print(lines)
  assert.ok(lines.length <= 4, `it took ${lines.length} lines`)
  assert.doesNotMatch(lines.join('\n'), /^\s+at /m)
}

async function startsOff(clone: Clone): Promise<void> {
  const server = await clone.started()
  try {
    await answers(clone)
    await server.until(TOKEN, SETUP_MS)
    const lines = linesOf(server)
    print(lines)
    const json = lines.filter(line => line.startsWith('{'))
    assert.ok(json.length <= 20, `it logged ${json.length} lines`)
    assert.match(lines.slice(json.length > 0 ? lines.lastIndexOf(json.at(-1) as string) : 0).join('\n'), TOKEN)
    await server.end()
    assert.equal(await clone.isReady(), false, 'it goes on after SIGTERM')
  } finally {
    await server.destroy()
  }
}

async function answers({ address }: Clone): Promise<void> {
  for (const path of ['/readyz', '/docs']) {
    const answer = await fetch(`http://${address}${path}`)
    await answer.arrayBuffer()
    assert.equal(answer.status, 200, `${path} is answered ${answer.status}`)
  }
}

/** Without what npm says of the command that it runs. */
function linesOf({ lines }: Command): string[] {
  return lines.filter(line => !line.startsWith('>'))
}

function print(lines: readonly string[]): void {
  console.log(lines.join('\n').replaceAll(/^/gm, '    | '))
}
