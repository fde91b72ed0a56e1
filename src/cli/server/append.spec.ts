// Lines for `lighthouse append -`: what is no line of an event is told before it fills the memory.
import { expect, test } from '@jest/globals'
import { run } from '../run.js'

test('a line that is longer than any event ends it, however much is still to come', async () => {
  let given = 0
  async function* withoutEnd() {
    for (; given < 64; given++) yield Buffer.alloc(1 << 20, 'x')
  }
  const err: string[] = []
  const terminal = { out: () => undefined, err: (text: string) => err.push(text), env: {}, input: withoutEnd() }
  const server = ['--server', 'http://127.0.0.1:1', '--token', 't']
  expect(await run(['append', '-', '--stream', 'agent_a', ...server], terminal)).toBe(2)
  expect(err.join('\n')).toBe(
    'lighthouse append: line 1 is longer than 16 MB, and an event is one line\nSee lighthouse append --help',
  )
  expect(given).toBeLessThan(20)
})
