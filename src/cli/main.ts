// The `lighthouse` command, which an operator runs beside the server or without one.
import module from 'node:module'

// What Node has compiled once it keeps for the next call; this holds for what is loaded from here on.
module.enableCompileCache?.()
const { run } = await import('./run.js')

const INTERRUPTED = 130
/** Of a terminal that does not know its width, and says 0. */
const USUAL_COLUMNS = 80
/** What the command may still take to end in order. */
const GRACE_MS = 2_000

// A failed write rejects its own promise. Without these listeners, the error event would end the process first.
process.stdout.on('error', () => undefined)
process.stderr.on('error', () => undefined)

process.exitCode = await run(process.argv.slice(2), {
  out: text => promised<void>(done => process.stdout.write(`${text}\n`, done)),
  err: text => process.stderr.write(`${text}\n`),
  colours: process.stdout.isTTY === true && process.stdout.hasColors(),
  interrupted,
  redraw: process.stderr.isTTY ? redraw : undefined,
})

/** A line that is too long for the terminal would stay when the next is shown. */
function redraw(text: string): void {
  process.stderr.write(`\r\x1b[2K${text.slice(0, (process.stderr.columns || USUAL_COLUMNS) - 1)}`)
}

/** A terminal sends Ctrl-C to the launcher as well, which passes it on: the second of the two means nothing new. */
function interrupted(): AbortSignal {
  const controller = new AbortController()
  process.on('SIGINT', () => {
    controller.abort()
    setTimeout(() => process.exit(INTERRUPTED), GRACE_MS).unref()
  })
  return controller.signal
}

function promised<T>(begin: (done: (error?: Error | null) => void) => T): Promise<void> {
  return new Promise((resolve, reject) => begin(error => (error == null ? resolve() : reject(error))))
}
