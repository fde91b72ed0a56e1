// The first minute: what a start says on a terminal and off it, and what it says when it is refused.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { TEST_SECRET } from '../support/running-server.js'
import { makeTempDirectory, removeTempDirectory } from '../support/temp-directory.js'

const MAIN = resolve('dist/main.js')
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
const has = (command: string) => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0
// skip: this machine has no `script` to make a terminal with
const onTerminals = has('script') ? describe : describe.skip
// skip: this machine has no curl
const withCurl = has('curl') ? test : test.skip
const place = makeTempDirectory()
const inMemory = `/dev/shm/lighthouse-test-${process.pid}`
/** A start takes a second, and many times that beside others. */
const PATIENCE_MS = 120_000

afterAll(async () => {
  await Start.killAll()
  for (const directory of [place, inMemory]) removeTempDirectory(directory)
})

/** Nothing of the surroundings decides what a start says. */
function surroundings(more: NodeJS.Dict<string>): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(LIGHTHOUSE_|NO_COLOR|FORCE_COLOR|CI$)/.test(name))
  return { ...Object.fromEntries(own), TERM: 'xterm', LIGHTHOUSE_ENV: 'development', LIGHTHOUSE_PORT: '0', ...more }
}

/** A server whose standard output and standard error arrive as one text. */
class Start {
  private static readonly running = new Set<ChildProcess>()
  said = ''
  readonly over: Promise<number | null>

  constructor(private readonly child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.said += text
      })
    Start.running.add(child)
    this.over = once(child, 'close').then(() => {
      Start.running.delete(child)
      return child.exitCode
    })
  }

  /** Those that a failed test has left behind; `script` takes what it runs with it. */
  static async killAll(): Promise<void> {
    for (const child of Start.running) {
      const over = once(child, 'close')
      child.kill('SIGKILL')
      await over
    }
  }

  static offTerminal(env: NodeJS.Dict<string>, args: readonly string[] = []): Start {
    const command = ['-c', 'exec "$0" "$@" 2>&1', process.execPath, MAIN, ...args]
    return new Start(spawn('sh', command, { env: surroundings(env), cwd: place, stdio: ['ignore', 'pipe', 'pipe'] }))
  }

  static onTerminal(env: NodeJS.Dict<string>, args: readonly string[] = []): Start {
    // A shell that stayed between would take the Ctrl-C too, and end with its own code.
    const command = ['exec', process.execPath, MAIN, ...args].join(' ')
    const options = {
      env: { ...surroundings(env), SHELL: '/bin/sh' },
      cwd: place,
      stdio: ['pipe', 'pipe', 'pipe'] as const,
    }
    return new Start(spawn('script', ['-qec', command, '/dev/null'], { ...options, stdio: [...options.stdio] }))
  }

  async until(text: string): Promise<void> {
    while (!this.said.includes(text)) {
      const ended = this.over.then(code => Promise.reject(new Error(`it ended with ${code}:\n${this.said}`)))
      await Promise.race([once(this.child.stdout as NodeJS.EventEmitter, 'data'), ended])
    }
  }

  get lines(): string[] {
    return this.said.replaceAll('\r', '').trimEnd().split('\n')
  }

  get url(): string {
    return /http:\/\/127\.0\.0\.1:\d+/.exec(this.said)?.[0] ?? ''
  }

  async end(): Promise<number | null> {
    if (this.child.stdin) this.child.stdin.write('\x03')
    else this.child.kill('SIGTERM')
    return this.over
  }
}

const last = '/docs\n'

describe('off a terminal', () => {
  const data = join(place, 'off')
  let server: Start
  let started: string[]
  beforeAll(async () => {
    server = Start.offTerminal({}, ['--data', data])
    await server.until(last)
    started = server.lines
  }, PATIENCE_MS)
  afterAll(() => server.end())

  test('a start is at most 20 lines of JSON, none of them of Nest, and the banner behind them', () => {
    const json = started.filter(line => line.startsWith('{')).map(line => JSON.parse(line))
    expect(json.length).toBeLessThanOrEqual(20)
    expect(json.filter(({ component }) => /^[A-Z]/.test(component))).toEqual([])
    expect(started.slice(0, json.length).every(line => line.startsWith('{'))).toBe(true)
    const address = { address: server.url, dataDir: data, env: 'development', version }
    expect(json.find(({ message }) => message === 'listening')).toMatchObject(address)
    const banner = started.slice(json.length)
    expect(banner.length).toBeLessThanOrEqual(12)
    expect(banner.join('\n')).toContain(`Lighthouse ${version} is ready at ${server.url}`)
    expect(banner.join('\n')).toContain(data)
    expect(banner.join('\n')).not.toContain('\x1b')
  })

  withCurl('the lines to try work as they stand', () => {
    const commands = started.filter(line => /^ *(export TOKEN=|curl )/.test(line))
    expect(commands).toHaveLength(3)
    const { status, stdout } = spawnSync('sh', ['-ec', commands.join('\n')], { encoding: 'utf8' })
    expect([status, stdout]).toEqual([0, expect.stringMatching(/"durability":"fsync".*"text":"hello"/s)])
  })

  test('the secret lies in the data directory, for its user alone, and nowhere beside it', () => {
    const file = join(data, '.lighthouse-development-secret')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(existsSync(join(place, '.lighthouse-development-secret'))).toBe(false)
  })

  test(
    '`lighthouse token` finds it by the data directory, and says so beside the token',
    async () => {
      const command = [resolve('dist/cli/main.js'), 'token', '--agent', 'builder-1']
      const env = surroundings({ LIGHTHOUSE_DATA_DIR: data })
      const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8', env, cwd: place })
      expect([status, stderr]).toEqual([0, expect.stringContaining(join(data, '.lighthouse-development-secret'))])
      const headers = { authorization: `Bearer ${stdout.trim()}` }
      expect((await fetch(`${server.url}/v1/events`, { headers })).status).toBe(200)
    },
    PATIENCE_MS,
  )

  describe('a start that is refused says in three lines what, why and what next, without a stack', () => {
    const file = join(place, 'a file')
    writeFileSync(file, '')
    const free = join(place, 'free')
    const cases: readonly [string, () => string[], RegExp][] = [
      [
        'a directory in use',
        () => ['--data', data],
        /Another process owns the data directory\n.*process \d+.*\n.*--data/,
      ],
      ['a busy port', () => ['--data', free, '--port', new URL(server.url).port], /port .*in use\n.*:\d+.*\n.*--port/],
      ['a file', () => ['--data', file], /data directory cannot be used\n.*a file is no directory.*\n.*--data/i],
      [
        'what cannot be made',
        () => ['--data', '/proc/none'],
        /data directory cannot be used\n.*\/proc\/none.*\n.*--data/,
      ],
      ...(existsSync('/dev/shm')
        ? [
            ['memory', () => ['--data', inMemory], /keep the promise\n.*tmpfs.*\n.*ALLOW/] as [
              string,
              () => string[],
              RegExp,
            ],
          ]
        : []),
    ]
    let refused: Map<string, { readonly code: number | null; readonly said: string; readonly lines: string[] }>
    beforeAll(async () => {
      const tried = cases.map(async ([name, args]) => {
        const start = Start.offTerminal({ LIGHTHOUSE_LOG_LEVEL: 'warn' }, args())
        return [name, { code: await start.over, said: start.said, lines: start.lines }] as const
      })
      refused = new Map(await Promise.all(tried))
    }, PATIENCE_MS)

    test.each(cases)('%s', (name, _, words) => {
      const { code, said, lines } = refused.get(name) ?? { code: null, said: '', lines: [] }
      expect([name, code, said]).toEqual([name, 3, expect.stringMatching(words)])
      expect(lines).toHaveLength(3)
      expect(lines[2]).toMatch(/^ {2}Next: /)
      expect(said).not.toMatch(/^\s+at /m)
      expect(said).not.toContain('\x1b')
    })
  })

  test(
    'in production it is one line of JSON',
    async () => {
      const env = {
        LIGHTHOUSE_ENV: 'production',
        LIGHTHOUSE_JWT_SECRET: TEST_SECRET,
        LIGHTHOUSE_HOST: '127.0.0.1',
        LIGHTHOUSE_LOCK_WAIT_SECONDS: '0',
      }
      const start = Start.offTerminal(env, ['--data', data])
      expect(await start.over).toBe(3)
      expect(start.lines).toHaveLength(1)
      expect(JSON.parse(start.said)).toMatchObject({
        level: 'fatal',
        code: 'LOCKED',
        message: expect.stringMatching(/owns the data directory.*process \d+/),
        next: expect.stringContaining('--data'),
      })
      expect(start.said).not.toContain('stack')
    },
    PATIENCE_MS,
  )
})

onTerminals('on a terminal', () => {
  test(
    'the log is for people, and the banner is the last of it',
    async () => {
      const data = join(place, 'on')
      const server = Start.onTerminal({}, ['--data', data])
      await server.until('/docs\r\n')
      const { lines } = server
      expect(lines.filter(line => line.startsWith('{'))).toEqual([])
      expect(lines.join('\n')).not.toMatch(/InstanceLoader|RouterExplorer|RoutesResolver/)
      expect(lines.length).toBeLessThanOrEqual(20)
      const ready = lines.findIndex(line => line.includes(`is ready at ${server.url}`))
      expect(lines.findIndex(line => line.includes('the log is recovered'))).toBeGreaterThanOrEqual(0)
      expect(lines.findLastIndex(line => /^\S*\d\d:\d\d:\d\d/.test(line))).toBeLessThan(ready)
      expect(lines.slice(ready).join('\n')).toContain(data)
      expect(lines.at(-1)).toContain('/docs')
      expect(await server.end()).toBe(0)
    },
    PATIENCE_MS,
  )

  test(
    'with a secret of its user it says that it listens, whatever the level, and gives no token away',
    async () => {
      const env = { LIGHTHOUSE_JWT_SECRET: TEST_SECRET, LIGHTHOUSE_LOG_LEVEL: 'silent', NO_COLOR: '1' }
      const server = Start.onTerminal(env, ['--data', join(place, 'silent')])
      await server.until('/docs\r\n')
      expect(server.said).toContain('is ready at http://127.0.0.1:')
      expect(server.said).not.toContain('TOKEN=ey')
      expect(server.said).not.toContain('\x1b')
      expect(await server.end()).toBe(0)
    },
    PATIENCE_MS,
  )
})

describe('the options of a start', () => {
  test('--help lists them and starts nothing', async () => {
    const start = Start.offTerminal({}, ['--port', '1', '--help'])
    expect(await start.over).toBe(0)
    for (const option of ['--port', '--data', '--host', '--log-level', '--log-format', '--help'])
      expect(start.said).toContain(option)
  })

  test.each([
    [['--colour', 'red'], /--colour/],
    [['elsewhere'], /elsewhere/],
    [['--port', 'many'], /--port: "many" must be a whole number/],
  ])('%j is refused: exit 2', async (args, words) => {
    const start = Start.offTerminal({}, args)
    expect([await start.over, start.said]).toEqual([2, expect.stringMatching(words)])
    expect(start.lines.length).toBeLessThanOrEqual(2)
  })
})
