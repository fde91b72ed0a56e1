// The Python client as a stranger has it: built as a wheel, installed into an environment of its own, against a server.
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type RunningServer, TEST_SECRET, tokenOf } from '../../test/support/running-server.js'
import { makeTempDirectory, removeTempDirectory } from '../../test/support/temp-directory.js'
import { environment, missing, runPython, wheels } from './support/python.js'
import { startServer } from './support/server-and-client.js'

if (missing !== undefined) process.stdout.write(`the Python client is not tried: ${missing}\n`)

const pages = ['README.md', '../../docs/PYTHON.md']

// skip: what the client stands on is not installed; `missing` says how it is.
const wherePythonIs = missing === undefined ? describe : describe.skip

wherePythonIs('the Python client', () => {
  let server: RunningServer
  const made = makeTempDirectory()
  const home = join(made, 'environment')

  beforeAll(async () => {
    server = await startServer()
    const wheel = ['wheel', '--quiet', '--no-deps', '--no-build-isolation', '--wheel-dir', made, '.']
    expect(await runPython('pip', wheel)).toEqual({ code: 0, told: '' })
    expect(await runPython('python', ['-m', 'venv', home])).toEqual({ code: 0, told: '' })
    const install = ['install', '--quiet', '--no-index', '--find-links', wheels, '--find-links', made]
    expect(await runPython('pip', [...install, 'lighthouse-client'], { home })).toEqual({ code: 0, told: '' })
  }, 240_000)

  afterAll(async () => {
    await server?.stop()
    removeTempDirectory(made)
  })

  async function asAgent(sub: string, role: string): Promise<{ home: string; env: Record<string, string> }> {
    return {
      home,
      env: {
        LIGHTHOUSE_URL: server.url,
        LIGHTHOUSE_TOKEN: await tokenOf({ sub, role }),
        LIGHTHOUSE_SECRET: TEST_SECRET,
      },
    }
  }

  test.each([
    ['keeps its promises', 'test_client.py'],
    ['knows the documents of the server', 'test_documents.py'],
  ])(
    '%s, from the wheel that was built and nothing else',
    async (_, tests) => {
      const { code, told } = await runPython('python', ['-P', join('tests', tests)], await asAgent('python', 'admin'))
      expect(told).toMatch(/\nOK\n$/)
      expect(code).toBe(0)
    },
    120_000,
  )

  test.each(pages)(
    'does what %s shows',
    async page => {
      const builder = await asAgent('builder-1', 'agent')
      const { code, told } = await runPython('python', ['-W', 'error', '-P', 'tests/run_blocks.py', page], builder)
      expect({ code, told }).toEqual({ code: 0, told: expect.stringMatching(/seen task\.noted\n/) })
    },
    60_000,
  )

  test('is typed as strictly as there is, its tests too', async () => {
    const { told } = await runPython('mypy', ['--cache-dir', join(made, 'mypy'), 'src', 'tests'])
    expect(told).toMatch(/^Success: no issues found/)
  }, 120_000)

  test('tells its types to those who use the wheel', async () => {
    const use = 'import lighthouse_client\nreveal_type(lighthouse_client.Lighthouse.append)\n'
    const python = join(home, 'bin', 'python')
    const args = ['--cache-dir', join(made, 'mypy'), '--strict', '--python-executable', python, '-c', use]
    expect((await runPython('mypy', args, { home: environment })).told).toMatch(/Appended/)
  }, 120_000)
})
