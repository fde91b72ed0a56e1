// `lighthouse demo`: five agents at work, on a server of its own that is killed meanwhile, or on one that runs.
import type { Lighthouse } from '#client'
import { type DemoReport, runDemo } from '#client/demo'
import type { Terminal } from '../command.js'
import { EXIT } from '../exit.js'
import { reportJson } from '../report-json.js'
import type { Wish } from '../server/address.js'
import { PATIENT, Server, withServer } from '../server/server.js'
import { Usage } from '../usage-error.js'
import { OwnServer } from './own-server.js'

interface DemoWish extends Wish {
  readonly url?: string
  readonly seed?: string
  readonly json?: boolean
}

export async function demo({ url, ...wish }: DemoWish, terminal: Terminal): Promise<number> {
  const { server = url } = wish
  const asked: Wish = server === undefined ? wish : { ...wish, server }
  const { seed = '1' } = wish
  if (!/^[\w.-]{1,64}$/.test(seed)) throw new Usage('--seed takes a number or a word of at most 64 characters')
  const named = [asked.server, asked.context].some(given => given !== undefined)
  if (!named && wish.token !== undefined) throw new Usage('--token is for a server: give --server, or --context')
  const begun = performance.now()
  const shown = new Shown(terminal, wish.json === true)
  const { report, killed } = named
    ? { report: await onRunning(asked, seed, { terminal, shown }), killed: undefined }
    : await onItsOwn(seed, shown)
  const seconds = Math.round(performance.now() - begun) / 1_000
  if (wish.json) await terminal.out(reportJson({ seconds, killed, ...report }))
  else shown.say(`${report.isWell ? 'all is well' : 'something is wrong'}, after ${seconds.toFixed(1)} s`)
  await shown.printed
  return report.isWell ? EXIT.clean : EXIT.no
}

interface Place {
  readonly terminal: Terminal
  readonly shown: Shown
}

/** Its lines one behind the other, also where the terminal is slow. With JSON they are talk. */
class Shown {
  printed: Promise<unknown> = Promise.resolve()

  constructor(
    private readonly terminal: Terminal,
    private readonly isTalk: boolean,
  ) {}

  readonly say = (line: string): void => {
    if (this.isTalk) this.terminal.err(line)
    else this.printed = this.printed.then(() => this.terminal.out(line))
    // Whoever has stopped reading is noticed where the lines are awaited.
    this.printed.catch(() => undefined)
  }
}

/** Only such a server as was named, because a demo writes: a variable or a context in use is no wish to have it there. */
function onRunning(wish: Wish, seed: string, { terminal, shown: { say } }: Place): Promise<DemoReport> {
  return withServer(wish, terminal, ({ lighthouse }) => runDemo(lighthouse, { seed, say }), PATIENT)
}

async function onItsOwn(seed: string, { say }: Shown) {
  const server = await OwnServer.start()
  let awayMs = 0
  const outage = async () => {
    const begun = performance.now()
    await server.kill()
    say('  kill -9 of the server, in the middle of their appends')
    await server.bringUp()
    awayMs = Math.round(performance.now() - begun)
    say(`  and another on what it left, ${(awayMs / 1_000).toFixed(1)} s later; who was not answered has asked again`)
  }
  try {
    say('a server of its own, in a directory that is removed at the end')
    const report = await runDemo(clientOf(server), { seed, say, outage })
    return { report, killed: { awayMs } }
  } finally {
    await server.remove()
  }
}

function clientOf(server: OwnServer): Lighthouse {
  const address = { url: server.url, token: () => server.token(), from: 'itself' }
  return new Server(address, PATIENT).lighthouse
}
