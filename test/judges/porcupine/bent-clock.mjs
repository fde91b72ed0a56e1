// Bends the wall clock of the process that it is loaded into: by as many milliseconds as BENT_CLOCK_FILE says, read again at SIGUSR2.
import { readFileSync, writeFileSync } from 'node:fs'

const file = process.env['BENT_CLOCK_FILE']
const Straight = Date
const straightNow = Date.now.bind(Date)
let bentMs = 0

/** What is in force is told in a file of its own, so that whoever bent it knows. */
function bend() {
  bentMs = Number(readFileSync(file, 'utf8'))
  writeFileSync(`${file}.in-force`, `${bentMs}`)
}

class BentDate extends Straight {
  constructor(...args) {
    if (args.length === 0) super(BentDate.now())
    else super(...args)
  }

  static now() {
    return straightNow() + bentMs
  }
}

if (file !== undefined) {
  bend()
  process.on('SIGUSR2', bend)
  // What is called without `new` answers a text, which nothing of the server asks for.
  globalThis.Date = BentDate
}
