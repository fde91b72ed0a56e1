// The `lighthouse` command: what an operator runs beside the server, or when there is none.
import { run } from './run.js'

// Each write is told of its own failure; left without a listener, the stream would end the process by itself.
process.stdout.on('error', () => undefined)
process.stderr.on('error', () => undefined)

process.exitCode = await run(process.argv.slice(2), {
  out: text => promised<void>(done => process.stdout.write(`${text}\n`, done)),
  err: text => process.stderr.write(`${text}\n`),
})

function promised<T>(begin: (done: (error?: Error | null) => void) => T): Promise<void> {
  return new Promise((resolve, reject) => begin(error => (error == null ? resolve() : reject(error))))
}
