// A fresh clone of this checkout in a new folder, as somebody has it who has just found the project.
import { execFileSync } from 'node:child_process'
import { readdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { freePort } from '../support/free-port.js'
import { makeTempDirectory, removeTempDirectory } from '../support/temp-directory.js'
import { Command, type Place } from './terminal.js'

const root = resolve(import.meta.dirname, '..', '..')
const SETUP_MS = 1_800_000
/** In a line of the log, whatever its form. */
const LISTENING = /listening/
const git = (...args: string[]) => execFileSync('git', ['-C', root, ...args], { encoding: 'utf8' }).trim()

export class Clone implements Place {
  private constructor(
    private readonly parent: string,
    readonly cwd: string,
    /** What of the maker's own surroundings must not help. */
    readonly env: NodeJS.ProcessEnv,
    readonly port: number,
  ) {}

  static async make(): Promise<Clone> {
    const changed = git('status', '--porcelain')
    if (changed !== '') console.log(`not in the clone, for it is not committed:\n${changed}`)
    const parent = makeTempDirectory()
    const cwd = join(parent, 'lighthouse')
    execFileSync('git', ['clone', '--quiet', '--no-hardlinks', root, cwd])
    const own = Object.entries(process.env).filter(([name]) => !/^(?:LIGHTHOUSE_|npm_|NODE_|INIT_CWD)/.test(name))
    const path = (process.env['PATH'] ?? '').split(':').filter(folder => !folder.includes('node_modules'))
    const port = await freePort()
    const env = { ...Object.fromEntries(own), PATH: path.join(':'), LIGHTHOUSE_PORT: String(port) }
    console.log(`a clone of ${git('rev-parse', '--short', 'HEAD')} in a new folder, for port ${port}`)
    return new Clone(parent, cwd, env, port)
  }

  get address(): string {
    return `127.0.0.1:${this.port}`
  }

  /** `npm start` off a terminal, on a store that is empty; answers when it takes requests. */
  async started(env: Readonly<Record<string, string>> = {}): Promise<Command> {
    const beside = readdirSync(this.parent).map(name => join(this.parent, name))
    // A page before may have left its backup there, which is one of another store.
    for (const left of [join(this.cwd, 'data'), ...beside.filter(path => path !== this.cwd)])
      rmSync(left, { recursive: true, force: true })
    const server = Command.offTerminal('npm start', { cwd: this.cwd, env: { ...this.env, ...env } })
    await server.until(LISTENING, SETUP_MS)
    return server
  }

  async isReady(): Promise<boolean> {
    try {
      const answer = await fetch(`http://${this.address}/readyz`)
      await answer.arrayBuffer()
      return answer.ok
    } catch {
      return false
    }
  }

  /** What a command of the clone prints on its standard output. */
  run(command: string, ...args: string[]): string {
    return execFileSync(command, args, { cwd: this.cwd, env: this.env, encoding: 'utf8' })
  }

  remove(): void {
    removeTempDirectory(this.parent)
  }
}

/** Nobody has it now; the clone's servers will, one after the other. */
