// The surroundings of every spec file: a promise nobody handles, or an exception nobody catches, fails the file, also after its last test;
// and the environment variables that it sets are gone with it.
import { ModuleMocker } from 'jest-mock'

/** What a test left behind mostly ends within some turns of the loop; whoever waits for the disk takes a few more. */
const TURNS_AFTER_THE_LAST_TEST = 10

export default class WatchfulEnvironment {
  // Jest puts its console here; specs have that of the process.
  global = Object.create(globalThis)
  moduleMocker = new ModuleMocker(globalThis)
  #variables = { ...process.env }
  #left = []
  #note = error => this.#left.push(error)

  getVmContext() {
    return null
  }

  async setup() {
    // While tests run Jest puts listeners of its own in the place of these, and fails the test that runs.
    process.on('uncaughtException', this.#note).on('unhandledRejection', this.#note)
  }

  async teardown() {
    for (let turn = 0; turn < TURNS_AFTER_THE_LAST_TEST; turn++) await new Promise(setImmediate)
    process.off('uncaughtException', this.#note).off('unhandledRejection', this.#note)
    for (const name of Object.keys(process.env)) if (!Object.hasOwn(this.#variables, name)) delete process.env[name]
    Object.assign(process.env, this.#variables)
    if (this.#left.length > 0) throw new Error(`nobody handled: ${this.#left.map(textOf).join('\n')}`)
  }
}

function textOf(error) {
  return error instanceof Error || typeof error?.stack === 'string' ? error.stack : String(error)
}
