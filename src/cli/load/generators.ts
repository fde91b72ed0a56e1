// The generators of a run as the command knows them: begun together, told together, and ended together.
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { NoServer } from '../usage-error.js'
import type { FromGenerator, Plan, ToGenerator } from './messages.js'

const PROGRAM = fileURLToPath(new URL('./generator.js', import.meta.url))

interface Listening {
  readonly token: () => Promise<string>
  readonly tallied: (rows: Float64Array) => void
}

export class Generators {
  private readonly onExit = () => this.kill()

  private constructor(
    private readonly all: readonly Generator[],
    readonly listening: Listening,
  ) {
    // Whatever ends this process: one that is busy would not notice.
    process.once('exit', this.onExit)
  }

  /** Resolves when all are ready. */
  static async start(plans: readonly Plan[], listening: Listening): Promise<Generators> {
    const generators = new Generators(
      plans.map(plan => new Generator(plan, listening)),
      listening,
    )
    try {
      await Promise.all(generators.all.map(generator => generator.heard('ready')))
      return generators
    } catch (error) {
      generators.kill()
      throw error
    }
  }

  /** Resolves when all of the schedule was sent. */
  async run(at: number): Promise<void> {
    await Promise.all(this.all.map(generator => generator.asked({ say: 'begin', at }, 'sent')))
  }

  cut(): void {
    for (const generator of this.all) generator.tell({ say: 'cut' })
  }

  end(): Promise<readonly Ended[]> {
    return Promise.all(this.all.map(generator => generator.asked({ say: 'end' }, 'ended')))
  }

  kill(): void {
    process.off('exit', this.onExit)
    for (const generator of this.all) generator.kill()
  }
}

type Ended = Heard<'ended'>
type Heard<S extends FromGenerator['say']> = Extract<FromGenerator, { readonly say: S }>

class Generator {
  private readonly child: ChildProcess
  private broken: Error | undefined
  private awaited: { readonly say: string; readonly found: (message: FromGenerator) => void } | undefined
  private failed: ((error: Error) => void) | undefined

  constructor(
    plan: Plan,
    private readonly listening: Listening,
  ) {
    this.child = fork(PROGRAM, [], { serialization: 'advanced', stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    this.child.on('message', (message: FromGenerator) => this.hear(message))
    this.child.once('error', error => this.fail(error))
    this.child.once('exit', code => this.fail(new Error(`it ended with ${code}`)))
    this.tell({ say: 'plan', plan })
  }

  tell(message: ToGenerator): void {
    if (this.child.connected) this.child.send(message)
  }

  asked<S extends FromGenerator['say']>(message: ToGenerator, say: S): Promise<Heard<S>> {
    const heard = this.heard(say)
    this.tell(message)
    return heard
  }

  heard<S extends FromGenerator['say']>(say: S): Promise<Heard<S>> {
    return new Promise((resolve, reject) => {
      if (this.broken !== undefined) return reject(this.broken)
      this.failed = reject
      this.awaited = { say, found: message => resolve(message as Heard<S>) }
    })
  }

  kill(): void {
    this.child.removeAllListeners()
    this.child.kill('SIGKILL')
  }

  private hear(message: FromGenerator): void {
    if (message.say === 'tally') this.listening.tallied(message.rows)
    else if (message.say === 'token') void this.giveToken()
    else if (message.say === 'broken') this.fail(new Error(message.why))
    else if (message.say === this.awaited?.say) this.awaited.found(message)
  }

  private async giveToken(): Promise<void> {
    try {
      this.tell({ say: 'token', token: await this.listening.token() })
    } catch (error) {
      this.fail(error as Error)
    }
  }

  private fail(error: Error): void {
    this.broken ??= new NoServer(
      `A generator of load broke off: ${error.message}\nNext: see what the server says; lighthouse doctor looks at this machine.`,
    )
    this.failed?.(this.broken)
  }
}
