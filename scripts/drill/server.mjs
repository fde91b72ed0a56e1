// A version of the server in a process of its own, and the commands of that version.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { SignJWT } from 'jose'
import { pinnedNode } from '../runtime.mjs'

const SECRET = 'the secret of a drill, which is over within minutes'
const LINES_KEPT = 5

export function tokenOf(agent) {
  const token = new SignJWT({ sub: agent, role: 'system_agent' }).setProtectedHeader({ alg: 'HS256' })
  return token.setExpirationTime('1h').sign(Buffer.from(SECRET))
}

/** What is set for the server of the machine is not meant for this one. */
function environment(settings) {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('LIGHTHOUSE_'))
  return { ...Object.fromEntries(own), ...settings }
}

export class Server {
  constructor(child, url, readyMs) {
    this.child = child
    this.url = url
    this.readyMs = readyMs
    this.over = once(child, 'close')
  }

  /** Resolves when it is ready; rejects with `Refused` where it ends before. */
  static async start({ folder }, directory) {
    const began = performance.now()
    const child = spawn(pinnedNode(), [join(folder, 'dist', 'main.js')], {
      env: environment({
        LIGHTHOUSE_ENV: 'production',
        LIGHTHOUSE_HOST: '127.0.0.1',
        LIGHTHOUSE_PORT: '0',
        LIGHTHOUSE_DATA_DIR: directory,
        LIGHTHOUSE_JWT_SECRET: SECRET,
        LIGHTHOUSE_LOG_LEVEL: 'info',
      }),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const last = []
    const url = await new Promise((ready, refused) => {
      const hear = line => {
        last.push(line)
        if (last.length > LINES_KEPT) last.shift()
        const address = /"address":"([^"]+)".*"message":"listening"/.exec(line)?.[1]
        if (address !== undefined) ready(address)
      }
      for (const output of [child.stdout, child.stderr]) createInterface({ input: output }).on('line', hear)
      child.once('close', code => refused(new Refused(code, last)))
    })
    return new Server(child, url, performance.now() - began)
  }

  /** Asked to end, it has to end in order. */
  async stop() {
    this.child.kill('SIGTERM')
    const [code] = await this.over
    if (code !== 0) throw new Error(`a server that was asked to end ended with ${code}`)
  }

  /** As the kernel ends it. */
  async kill() {
    this.child.kill('SIGKILL')
    await this.over
  }
}

export class Refused extends Error {
  constructor(code, lines) {
    super(`the start ended with ${code}:\n${lines.join('\n')}`)
    this.code = code
  }
}

/** A command of this version; what it prints as JSON. */
export async function command({ folder }, ...args) {
  const child = spawn(pinnedNode(), [join(folder, 'dist', 'cli', 'main.js'), ...args, '--json'], {
    env: environment({}),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  let complaint = ''
  child.stdout.on('data', text => (said += text))
  child.stderr.on('data', text => (complaint += text))
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`lighthouse ${args.join(' ')} ended with ${code}:\n${said}${complaint}`)
  return JSON.parse(said)
}
