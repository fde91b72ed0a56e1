// A process of its own for one part of a trial: it gets its orders as one line, and its last line is its report.
import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'

const TYPESCRIPT = resolve('scripts/typescript.mjs')

export interface Child<Report> {
  readonly report: Promise<Report>
  kill(): void
}

/** `file` is of this folder. */
export function startChild<Report>(file: string, orders: object): Child<Report> {
  const child = spawn(process.execPath, ['--import', TYPESCRIPT, resolve('test/hostile', file)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdin.on('error', () => undefined)
  child.stdin.end(JSON.stringify(orders))
  let last = ''
  const output = createInterface({ input: child.stdout })
  output.on('line', line => {
    last = line
  })
  const report = Promise.withResolvers<Report>()
  child.once('close', code => {
    if (code === 0 && last !== '') report.resolve(JSON.parse(last))
    else report.reject(new Error(`${file} ended with ${code} and without a report`))
  })
  return { report: report.promise, kill: () => child.kill('SIGKILL') }
}

export async function readOrders<Orders>(): Promise<Orders> {
  let text = ''
  for await (const piece of process.stdin.setEncoding('utf8')) text += piece
  return JSON.parse(text)
}

export function tellReport(report: object): void {
  process.stdout.write(`${JSON.stringify(report)}\n`)
}
