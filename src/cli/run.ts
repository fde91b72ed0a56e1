// Parses a command line, runs the command it names, and turns the result into output and an exit code.
import { parseArgs } from 'node:util'
import { backupStore, restoreStore } from '../backends/embedded/backup-store.js'
import { repairStore, verifyStore } from '../backends/embedded/verify-store.js'
import { loadSome } from '../config/load-settings.js'
import { BadSettings } from '../config/parse-settings.js'
import { productVersion } from '../config/version.js'
import { ERRORS, type ErrorCode, StoreError } from '../contract/errors.js'
import { BadOptions } from '../server/start-options.js'
import { mustBeApart } from './assert-disjoint.js'
import { exportEvents, type StoreRules } from './export.js'
import { importEvents } from './import.js'
import { printBackup, printRestore } from './print-backup.js'
import { shownConfig } from './print-config.js'
import { printRepair } from './print-repair.js'
import { printVerify } from './print-verify.js'
import { inShell } from './shell-quote.js'
import { NoSecret, token } from './token.js'
import { isMisspelt, Usage } from './usage-error.js'

export interface Terminal {
  /** Its result is awaited before more is printed, because the reader may be slow or gone. */
  out(text: string): unknown
  err(text: string): void
}

/** Scripts depend on these codes; `lighthouse help` lists them. */
export const EXIT = { clean: 0, corrupt: 1, usage: 2, unable: 3 } as const

export const HELP = `Usage: lighthouse <command>

  verify <dir>   read everything in a data directory and say what is wrong, and where; changes nothing
      --live       look while a server is using it
      --json       print the report as JSON
  repair <dir>   say what it takes to make a damaged store writable again; changes nothing
      --yes        do it: keeps the damaged bytes in quarantine/, gives the lost positions up for good
      --json       print the report as JSON
  export <dir>   print every event of a data directory, as lines that import takes
      --url URL        of a running server instead, which goes on running
      --token TOKEN    for that server, with admin.read; or set LIGHTHOUSE_TOKEN
      --after POSITION only what comes behind it
      --format FORMAT  lighthouse (the default), or cloudevents, which other tools take
  import <file>  make the store of an export anew, with its ids, positions, times and hashes
      --into DIR       in this data directory: a new one, or one that holds a part of the same store
      --renumber       behind the events that DIR has of its own, under new ids
      --url URL        into a running server, under new ids and in the name of the token
      --token TOKEN    for that server; or set LIGHTHOUSE_TOKEN
      --map FILE       write there, line by line, which id has become which
  backup <dir> <backup>
                 copy what is new into a backup directory, while a server goes on using <dir>
      --json       print the report as JSON
  restore <backup> <dir>
                 make a data directory, so far empty, of the last complete backup
      --verify     stop at a copy that is not what was copied, and verify everything at the end
      --json       print the report as JSON
  config         print the settings that are in force here and where each comes from, secrets masked;
                 takes the options of a start, such as --data
  start          run the server; --help lists its options
  token          print a token for the server on this machine, signed with its secret
      --data DIR           the server's data directory, where a development server keeps its secret
      --agent NAME         whom it names, such as builder-1
      --role ROLE          guest, agent (the default), expert_agent, system_agent or admin
      --expires TIME       such as 30m, 12h or 7d; unless said 12h in development, 1h in production
      --permissions JSON   instead of the role's own, such as {"events.read":["own"]}
  version        print the version
  help           print this text

Exit codes: 0 clean or done, 1 corrupt, 2 not understood, 3 could not (in use, no such store, a file that is not
whole, disk error)`

export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await command(args, terminal)
  } catch (error) {
    if (error instanceof Usage || isMisspelt(error)) {
      terminal.err(`${error.message}\n\n${HELP}`)
      return EXIT.usage
    }
    if (error instanceof NoSecret) {
      terminal.err(error.message)
      return EXIT.unable
    }
    // Node ends with 1 after an uncaught error, which a script would take for a corrupt store.
    terminal.err(error instanceof StoreError ? explain(error, args) : unexpected(error))
    return EXIT.unable
  }
}

async function command([name, ...rest]: readonly string[], terminal: Terminal): Promise<number> {
  switch (name) {
    case 'verify':
      return verify(rest, terminal)
    case 'repair':
      return repair(rest, terminal)
    case 'export':
      await exportEvents(rest, text => terminal.out(text), storeRules)
      return EXIT.clean
    case 'import':
      await terminal.out(await importEvents(rest, storeRules()))
      return EXIT.clean
    case 'backup':
      return backup(rest, terminal)
    case 'restore':
      return restore(rest, terminal)
    case 'config':
      await terminal.out(loaded(() => shownConfig(rest)))
      return EXIT.clean
    case 'token':
      await terminal.out(await explained(() => token(rest, process.env, text => terminal.err(text))))
      return EXIT.clean
    case 'help':
    case '--help':
    case '-h':
      await terminal.out(HELP)
      return EXIT.clean
    case 'version':
    case '--version':
      await terminal.out(productVersion())
      return EXIT.clean
    case undefined:
      throw new Usage('a command is missing')
    default:
      throw new Usage(`there is no command ${JSON.stringify(name)}`)
  }
}

/** Loads only what opening a store needs, so that no signing secret has to be set. */
function storeRules(): StoreRules {
  return loaded(() => loadSome(['nodeId', 'allowUnsafeFilesystem'], process.env))
}

/** Reports all wrong settings in one message, as the server does at its start. */
function loaded<T>(load: () => T): T {
  try {
    return load()
  } catch (error) {
    if (error instanceof BadSettings || error instanceof BadOptions) throw new Usage(error.message)
    throw error
  }
}

/** Every error of this command is about what was typed, so the usage is printed with it. */
async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Usage || error instanceof NoSecret) throw error
    throw new Usage(error instanceof Error ? error.message : String(error))
  }
}

async function verify(args: readonly string[], terminal: Terminal): Promise<number> {
  const { directory, flags } = parse(args, ['live', 'json'])
  const report = await verifyStore(directory, { live: flags.has('live') })
  await terminal.out(flags.has('json') ? JSON.stringify(report, undefined, 2) : printVerify(report, directory))
  return report.clean ? EXIT.clean : EXIT.corrupt
}

async function repair(args: readonly string[], terminal: Terminal): Promise<number> {
  const { directory, flags } = parse(args, ['yes', 'json'])
  const report = await repairStore(directory, { apply: flags.has('yes') })
  await terminal.out(flags.has('json') ? JSON.stringify(report, undefined, 2) : printRepair(report, directory))
  const nothingToDo = report.steps.length === 0 && report.refused.length === 0
  return report.applied || (nothingToDo && report.before.clean) ? EXIT.clean : EXIT.corrupt
}

async function backup(args: readonly string[], terminal: Terminal): Promise<number> {
  const { directories, flags } = parseAll(args, ['json'])
  const [directory, target] = pair(directories, 'the data directory and the backup directory')
  await mustBeApart(directory, target)
  const report = await backupStore(directory, target)
  await terminal.out(flags.has('json') ? JSON.stringify(report, undefined, 2) : printBackup(report, directory, target))
  return report.damaged.length === 0 ? EXIT.clean : EXIT.corrupt
}

async function restore(args: readonly string[], terminal: Terminal): Promise<number> {
  const { directories, flags } = parseAll(args, ['verify', 'json'])
  const [from, directory] = pair(directories, 'the backup directory and the data directory')
  await mustBeApart(from, directory)
  const report = await restoreStore(from, directory, { verify: flags.has('verify') })
  await terminal.out(flags.has('json') ? JSON.stringify(report, undefined, 2) : printRestore(report, from, directory))
  const sound = report.restored && report.damaged.length === 0 && report.verified?.clean !== false
  return sound ? EXIT.clean : EXIT.corrupt
}

function pair([one, other, ...more]: readonly string[], what: string): [string, string] {
  if (one === undefined || one === '' || other === undefined || other === '') throw new Usage(`name ${what}`)
  if (more.length > 0) throw new Usage(`name ${what}, not also ${more.join(' ')}`)
  return [one, other]
}

function parse(args: readonly string[], known: readonly string[]): { directory: string; flags: Set<string> } {
  const { directories, flags } = parseAll(args, known)
  const [directory, ...more] = directories
  if (directory === undefined || directory === '') throw new Usage('the data directory is missing')
  if (more.length > 0) throw new Usage(`one data directory at a time, not also ${more.join(' ')}`)
  return { directory, flags }
}

function parseAll(args: readonly string[], known: readonly string[]): { directories: string[]; flags: Set<string> } {
  const options = Object.fromEntries(known.map(name => [name, { type: 'boolean' as const }]))
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
    return { directories: positionals, flags: new Set(Object.keys(values)) }
  } catch (error) {
    if (isMisspelt(error)) throw new Usage(error.message)
    throw error
  }
}

function explain(error: StoreError, [command = '', ...args]: readonly string[]): string {
  const directory = args.find(arg => !arg.startsWith('-')) ?? ''
  const live = `; to look while it runs: lighthouse verify ${inShell(directory)} --live`
  const more = error.code === 'LOCKED' && command === 'verify' ? live : ''
  const next = nextAfter(error.code, command)
  return `${ERRORS[error.code].title}: ${error.message}\nNext: ${next.replace(/\.$/, '')}${more}.`
}

/** An error of the system about a file or the terminal is no defect and is not reported as one. */
function unexpected(error: unknown): string {
  const { syscall, message } = error as NodeJS.ErrnoException
  return syscall !== undefined ? `That could not be done: ${message}` : `${ERRORS.INTERNAL.title}: ${String(error)}`
}

/** The remedies of the catalogue are written for clients of a server, but here somebody has named a directory. */
function nextAfter(code: ErrorCode, command: string): string {
  if (code === 'INVALID_REQUEST')
    return command === 'import' ? 'Check the file, and where it is to go.' : 'Check the path.'
  if (command !== 'backup' && command !== 'restore') return ERRORS[code].remedy
  if (code === 'DISK_FULL') return 'Make room there and run it again; the last complete backup is untouched.'
  if (code === 'DATA_CORRUPT')
    return 'Find out what is damaged with lighthouse verify; the last complete backup is untouched.'
  if (code === 'LOCKED') return 'Wait until that is done, or use another directory.'
  return ERRORS[code].remedy
}
