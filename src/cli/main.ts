// The `lighthouse` command, which an operator runs beside the server or without one.
import { run } from './run.js'

if (process.argv[2] === 'start') {
  // The server reads its options from the command line, which the name of the command is no part of.
  process.argv.splice(2, 1)
  await import('../main.js')
} else await runCommand()

async function runCommand(): Promise<void> {
  // A failed write rejects its own promise. Without these listeners, the error event would end the process first.
  process.stdout.on('error', () => undefined)
  process.stderr.on('error', () => undefined)

  process.exitCode = await run(process.argv.slice(2), {
    out: text => promised<void>(done => process.stdout.write(`${text}\n`, done)),
    err: text => process.stderr.write(`${text}\n`),
  })
}

function promised<T>(begin: (done: (error?: Error | null) => void) => T): Promise<void> {
  return new Promise((resolve, reject) => begin(error => (error == null ? resolve() : reject(error))))
}
