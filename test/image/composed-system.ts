// Starts what a compose file says without an engine: the same commands with the same variables, each a process of this machine.
// Names of services become loopback ports, volumes become folders, and a service waits for those it depends on.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'
import { freePort } from '../support/free-port.js'
import { until } from '../support/until.js'
import { type ComposeFile, readCompose, type Service } from './compose-file.js'

export interface Ended {
  readonly code: number | null
  readonly lines: readonly string[]
}

interface Running {
  readonly process: ChildProcess
  readonly lines: string[]
  readonly over: Promise<unknown>
}

const SERVER = 'lighthouse'
/** Where the image has what the checkout has here. */
const HOME = '/lighthouse/'

export class ComposedSystem {
  private readonly file: ComposeFile
  private readonly ports = new Map<string, number>()
  private readonly running = new Map<string, Running>()

  private constructor(
    name: string,
    private readonly directory: string,
  ) {
    this.file = readCompose(name)
  }

  /** Of the services that are built here; images of others need their registry. */
  static async start(name: string, directory: string): Promise<ComposedSystem> {
    const system = new ComposedSystem(name, directory)
    await system.choosePorts()
    system.makeCommandLine()
    const started: Promise<void>[] = []
    const starting = new Map<string, Promise<void>>()
    for (const service of system.own) {
      const begun = Promise.resolve().then(async () => {
        await Promise.all(Object.keys(service.dependsOn).map(other => starting.get(other)))
        await system.startService(service)
      })
      starting.set(service.name, begun)
      started.push(begun)
    }
    const failed = (await Promise.allSettled(started)).find(({ status }) => status === 'rejected')
    if (failed?.status === 'rejected') {
      await system.end()
      throw failed.reason
    }
    return system
  }

  get own(): readonly Service[] {
    return this.file.services.filter(({ stage }) => stage !== undefined)
  }

  urlOf(service: string, port: number): string {
    return `http://127.0.0.1:${this.ports.get(`${service}:${port}`)}`
  }

  linesOf(service: string): readonly string[] {
    return this.running.get(service)?.lines ?? []
  }

  /** Asks services to end in the order in which an engine does: those first that others do not depend on. */
  async end(): Promise<ReadonlyMap<string, Ended>> {
    const left = new Map(this.running)
    const ended = new Map<string, Ended>()
    while (left.size > 0) {
      const needed = new Set(
        this.own.filter(({ name }) => left.has(name)).flatMap(({ dependsOn }) => Object.keys(dependsOn)),
      )
      const next = [...left].filter(([name]) => !needed.has(name))
      for (const [name, { process: child, lines, over }] of next) {
        child.kill('SIGTERM')
        left.delete(name)
        void over.then(() => {
          ended.set(name, { code: child.exitCode, lines })
        })
      }
      await Promise.all(next.map(([, { over }]) => over))
    }
    return ended
  }

  private async choosePorts(): Promise<void> {
    const values = this.own.flatMap(({ environment }) => Object.values(environment))
    const addresses = values.flatMap(value => [...value.matchAll(/([a-z]+:\d+)/g)].map(([address]) => address))
    const metrics = `${SERVER}:9465`
    for (const address of new Set([...addresses, metrics])) this.ports.set(address, await freePort())
  }

  /** `lighthouse` on the path is what the image has there, with the place of this checkout. */
  private makeCommandLine(): void {
    const bin = join(this.directory, 'bin')
    mkdirSync(bin)
    const main = resolve('dist', 'cli', 'main.js')
    writeFileSync(join(bin, 'lighthouse'), `#!/bin/sh\nexec node ${main} "$@"\n`)
    chmodSync(join(bin, 'lighthouse'), 0o755)
  }

  private async startService(service: Service): Promise<void> {
    const volumes = service.volumes.map(({ source, target }) => [target, join(this.directory, source)] as const)
    for (const [, folder] of volumes) mkdirSync(folder, { recursive: true })
    const here = (text: string) =>
      volumes
        .reduce((told, [target, folder]) => told.replaceAll(target, folder), text)
        .replaceAll(HOME, `${resolve('.')}/`)
    const [program = '', ...args] = service.command.map(here)
    const { PATH: already } = process.env
    const path = [join(this.directory, 'bin'), dirname(process.execPath), already].join(delimiter)
    const child = spawn(program, args, {
      env: { PATH: path, ...this.variablesOf(service, here) },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const running = { process: child, lines: [] as string[], over: once(child, 'close') }
    this.running.set(service.name, running)
    for (const output of [child.stdout, child.stderr]) {
      let rest = ''
      output.setEncoding('utf8').on('data', (text: string) => {
        const lines = (rest + text).split('\n')
        rest = lines.pop() ?? ''
        running.lines.push(...lines)
      })
    }
    await this.isReady(service, running)
  }

  /** The ports that others name are the ones chosen here, and nothing listens beyond this machine. */
  private variablesOf({ name, environment }: Service, here: (text: string) => string): Record<string, string> {
    const values = Object.entries(environment).map(([variable, value]) => {
      const address = value.replace(/([a-z]+:\d+)/, found => {
        const port = this.ports.get(found)
        return port === undefined ? found : `127.0.0.1:${port}`
      })
      const own = this.ports.get(`${name}:${value}`)
      return [variable, own === undefined ? here(address.replace('0.0.0.0', '127.0.0.1')) : String(own)] as const
    })
    const server = {
      LIGHTHOUSE_HOST: '127.0.0.1',
      LIGHTHOUSE_PORT: String(this.ports.get(`${SERVER}:8765`)),
      LIGHTHOUSE_DATA_DIR: join(this.directory, 'data'),
    }
    return { ...Object.fromEntries(values), ...(name === SERVER ? server : {}) }
  }

  /** By the condition of those that wait for it; a service that nobody waits for is ready when it is started. */
  private async isReady(service: Service, { process: child, lines, over }: Running): Promise<void> {
    const conditions = this.own.map(({ dependsOn }) => dependsOn[service.name]).filter(one => one !== undefined)
    const failed = () => new Error(`${service.name} ended with ${child.exitCode}:\n${lines.join('\n')}`)
    if (conditions.includes('service_completed_successfully')) {
      await over
      if (child.exitCode !== 0) throw failed()
      return
    }
    if (conditions.length === 0) return
    const [port] = [...this.ports].filter(([address]) => address.startsWith(`${service.name}:`)).map(([, at]) => at)
    // The server is asked as the health check of its image asks.
    const path = service.name === SERVER ? '/readyz' : '/'
    await until(async () => {
      if (child.exitCode !== null) throw failed()
      return await fetch(`http://127.0.0.1:${port}${path}`).then(
        answer => answer.status < 500,
        () => false,
      )
    })
  }
}
