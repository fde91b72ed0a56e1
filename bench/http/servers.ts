// The servers under load, each a process of its own: Lighthouse as it is built, and a bare Fastify that parses the same bodies.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { SignJWT } from 'jose'

const SECRET = 'a secret of the bench, long enough for HS256'
const BARE = resolve('bench/http/bare-server.ts')
const TYPESCRIPT = resolve('scripts/typescript.mjs')

/** Far above what any machine reaches: the bench measures the cost of counting, not the limit. */
const LIMITLESS = { requestsPerMinute: 1e9, eventsPerMinute: 1e9, bytesPerMinute: 1e12, batch: 1000 }

/** One agent is all the load there is. */
const BOUNDLESS = { connections: 20_000, subscriptions: 1e6, wideSubscriptions: 1e6 }

export interface Running {
  readonly url: string
  readonly process: ChildProcess
  /** From spawning to the first 200 of /readyz. */
  readonly readyMs: number
  stop(): Promise<void>
}

export interface ServerOptions {
  readonly directory: string
  readonly port: number
  readonly env?: Readonly<Record<string, string>>
  readonly nodeArgs?: readonly string[]
  /** The built server; this checkout's own unless another is named. */
  readonly main?: string
}

export async function startLighthouse(options: ServerOptions): Promise<Running> {
  const { directory, port, env = {}, nodeArgs = [], main = resolve('dist/main.js') } = options
  const data = await mkdtemp(join(resolve(directory), 'http-'))
  const quotas = Object.fromEntries(
    ['guest', 'agent', 'expert_agent', 'system_agent', 'admin'].map(role => [role, LIMITLESS]),
  )
  const settings = {
    LIGHTHOUSE_ENV: 'production',
    LIGHTHOUSE_HOST: '127.0.0.1',
    LIGHTHOUSE_PORT: String(port),
    LIGHTHOUSE_DATA_DIR: data,
    LIGHTHOUSE_JWT_SECRET: SECRET,
    LIGHTHOUSE_QUOTAS: JSON.stringify(quotas),
    LIGHTHOUSE_WORK_LIMITS: JSON.stringify(BOUNDLESS),
    LIGHTHOUSE_LOG_LEVEL: 'info',
  }
  const args = [...nodeArgs, main]
  const running = await started(args, { ...settings, ...env }, port, '/readyz')
  return { ...running, stop: () => running.stop().finally(() => rm(data, { recursive: true, force: true })) }
}

export function startBare(port: number): Promise<Running> {
  return started(['--import', TYPESCRIPT, BARE, String(port)], {}, port, '/')
}

export async function startStoring(port: number, directory: string): Promise<Running> {
  const data = await mkdtemp(join(resolve(directory), 'storing-'))
  const script = resolve('bench/http/storing-server.ts')
  const running = await started(['--import', TYPESCRIPT, script, String(port), data], {}, port, '/')
  return { ...running, stop: () => running.stop().finally(() => rm(data, { recursive: true, force: true })) }
}

/** Bare `ws`; a plain request is answered with 426 by its HTTP server, which says that it runs. */
export function startBareStream(port: number): Promise<Running> {
  return started(['--import', TYPESCRIPT, resolve('bench/live/bare-stream.ts'), String(port)], {}, port, '/', 426)
}

async function started(args: readonly string[], env: Record<string, string>, port: number, path: string, good = 200) {
  const begun = performance.now()
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  // Whatever ends the bench ends what it has started.
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const url = `http://127.0.0.1:${port}`
  while (!(await answers(`${url}${path}`, good))) {
    if (child.exitCode !== null) throw new Error(`${args.at(-1)} ended with ${child.exitCode}`)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  const readyMs = performance.now() - begun
  const stop = async () => {
    const exit = once(child, 'exit')
    child.kill('SIGTERM')
    await exit
    process.off('exit', kill)
  }
  return { url, process: child, readyMs, stop }
}

async function answers(url: string, good: number): Promise<boolean> {
  try {
    const answer = await fetch(url)
    await answer.arrayBuffer()
    return answer.status === good
  } catch {
    return false
  }
}

/** Resident bytes of a running server; undefined where /proc is not. */
export function residentOf({ process: child }: Running): number | undefined {
  try {
    const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]
    return kib === undefined ? undefined : Number(kib) * 1024
  } catch {
    return undefined
  }
}

export function tokenFor(agentId: string): Promise<string> {
  const claims = { sub: agentId, role: 'system_agent' }
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).setExpirationTime('2h').sign(Buffer.from(SECRET))
}
