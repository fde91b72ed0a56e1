// A real loop that stands still is ended from outside it; one that works, or that the system stops, is not.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const ADDRESS = pathToFileURL(resolve('src/failures/watchdog.ts')).href
const running = new Set<ChildProcess>()

afterEach(async () => {
  for (const child of running) {
    const over = once(child, 'close')
    child.kill('SIGKILL')
    await over
  }
})

/** A process with a watchdog that runs `then` when it is told to go on. */
async function watched(limitMs: number, then: string) {
  const text = `
    const { Watchdog } = await import(${JSON.stringify(ADDRESS)})
    const watchdog = new Watchdog({ limitMs: ${limitMs} })
    process.stdin.once('data', () => { ${then} })
    watchdog.thread.once('online', () => process.stdout.write('up'))
    watchdog.thread.ref()`
  const loader = pathToFileURL(resolve('scripts/typescript.mjs')).href
  const child = spawn(process.execPath, ['--import', loader, '--input-type=module', '-e', text])
  running.add(child)
  const said = { text: '' }
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    said.text += part
  })
  const over = once(child, 'close').then(([code, signal]) => {
    running.delete(child)
    return { code, signal }
  })
  await once(child.stdout, 'data')
  return { child, over, said }
}

test('a loop that stands still is ended by a signal of its own, with a line that says for how long', async () => {
  const { child, over, said } = await watched(200, 'for (;;);')
  child.stdin.write('go')
  expect(await over).toEqual({ code: null, signal: 'SIGALRM' })
  expect(JSON.parse(said.text)).toMatchObject({ level: 'fatal', cause: 'event_loop', ranMs: 200 })
}, 60_000)

test('a process that the system stopped for longer than the limit goes on, and so does work that is excused', async () => {
  const held = 'const until = Date.now() + 900; watchdog.excuse(() => { while (Date.now() < until); })'
  const { child, over } = await watched(800, `${held}; process.stdout.write('done'); watchdog.close()`)
  child.kill('SIGSTOP')
  // What passes here is the time of the machine, not that of the process, so there is nothing else to wait for.
  const stopped = performance.now()
  while (performance.now() - stopped < 1_000) await new Promise(setImmediate)
  child.kill('SIGCONT')
  child.stdin.end('go')
  expect(String((await once(child.stdout, 'data'))[0])).toBe('done')
  expect(await over).toEqual({ code: 0, signal: null })
}, 60_000)
