// One side of a pair: a checkout, built by its own scripts, whose server or own code is measured in a process of its own.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { type Running, startLighthouse } from '../http/servers.js'

export interface Side {
  readonly name: 'before' | 'after'
  readonly root: string
  /** With a mark when files differ from it. */
  readonly commit: string
}

export interface Measure {
  /** In the unit of the row. */
  readonly figure: number
  /** Operations that were done in a second, by which the CPU time is shared out. */
  readonly perSecond: number
}

/** A side that has been started and filled, ready to be measured. */
export interface Subject {
  readonly pid: number
  measure(seconds: number): Promise<Measure>
  stop(): Promise<void>
}

export async function openSide(name: Side['name'], directory: string): Promise<Side> {
  const root = resolve(directory)
  if (!existsSync(join(root, 'node_modules'))) throw new Error(`${root} has no node_modules: run npm ci there`)
  const build = spawn(process.execPath, [join(root, 'scripts', 'run.mjs'), 'build'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [code] = await once(build, 'exit')
  if (code !== 0) throw new Error(`${root} cannot be built`)
  return { name, root, commit: commitOf(root) }
}

function commitOf(root: string): string {
  const git = (...args: string[]) => spawnSync('git', ['-C', root, ...args], { encoding: 'utf8' })
  const named = git('rev-parse', '--short', 'HEAD')
  if (named.status !== 0) return 'unknown'
  const changed = git('status', '--porcelain', '--', 'src', 'package-lock.json').stdout.trim() !== ''
  return `${named.stdout.trim()}${changed ? '+changes' : ''}`
}

export async function startServer(side: Side, directory: string): Promise<Running> {
  return startLighthouse({ directory, port: await freePort(), main: join(side.root, 'dist', 'main.js') })
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

/** The side's own code behind a message pipe: the child imports from the side, whatever its files are called inside. */
export async function startOwn(side: Side, what: string, directory: string): Promise<Subject> {
  const args = ['--import', resolve('scripts/typescript.mjs'), resolve('bench/pairs/own-child.ts')]
  const child = spawn(process.execPath, ['--expose-gc', ...args, side.root, what, directory], {
    cwd: side.root,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  await answerOf(child)
  return {
    pid: child.pid as number,
    measure: seconds => {
      child.send({ seconds })
      return answerOf<Measure>(child)
    },
    stop: async () => {
      const exit = once(child, 'exit')
      child.disconnect()
      await exit
    },
  }
}

function answerOf<T>(child: ChildProcess): Promise<T> {
  return new Promise((answered, failed) => {
    const ended = (code: number | null) => failed(new Error(`a child of the bench ended with ${code}`))
    child.once('exit', ended)
    child.once('message', message => {
      child.off('exit', ended)
      answered(message as T)
    })
  })
}

/** Of all threads of a process, in seconds; undefined where /proc is not. */
export function cpuSecondsOf(pid: number): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ')
    const ticksPerSecond = 100
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
  } catch {
    return undefined
  }
}
