// The commands in one table; runs the one that is named, and turns what comes of it into output and an exit code.
import { loadSome } from '../config/load-settings.js'
import { BadSettings } from '../config/parse-settings.js'
import { productVersion } from '../config/version.js'
import { codeOf, ERRORS, StoreError } from '../contract/errors.js'
import { BadOptions, START_OPTIONS } from '../server/start-options.js'
import { closest } from './closest.js'
import { type Command, command, inColumns, type Terminal, usageOf, wantsHelp } from './command.js'
import type { StoreRules } from './export.js'
import { inShell } from './shell-quote.js'
import { isMisspelt, NoSecret, NoServer, Usage } from './usage-error.js'

/** Scripts depend on these codes; `lighthouse help` lists them. */
export const EXIT = { clean: 0, corrupt: 1, usage: 2, unable: 3 } as const

const JSON_REPORT = { type: 'boolean', says: 'print the report as JSON' } as const
const checkThePath = () => 'Check the path.'
const keepsTheBackup = {
  INVALID_REQUEST: checkThePath,
  DISK_FULL: () => 'Make room there and run it again; the last complete backup is untouched.',
  DATA_CORRUPT: () => 'Find out what is damaged with lighthouse verify; the last complete backup is untouched.',
  LOCKED: () => 'Wait until that is done, or use another directory.',
} as const

/** Each loads what it needs when it runs, so that none waits for the code of the others. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  verify: command({
    summary: 'read everything in a data directory, and say what is wrong and where',
    operands: ['<dir>'],
    options: { live: { type: 'boolean', says: 'look while a server is using it' }, json: JSON_REPORT },
    more: 'It changes nothing.',
    next: {
      INVALID_REQUEST: checkThePath,
      LOCKED: directory => `Look while it runs: lighthouse verify ${inShell(directory)} --live`,
    },
    run: async ({ operands: [directory], options: { live = false, json } }, terminal) => {
      const { verifyStore } = await import('../backends/embedded/verify-store.js')
      const { printVerify } = await import('./print-verify.js')
      const report = await verifyStore(directory, { live })
      await terminal.out(json ? inJson(report) : printVerify(report, directory))
      return report.clean ? EXIT.clean : EXIT.corrupt
    },
  }),
  repair: command({
    summary: 'say what it takes to make a damaged store writable again, or do it',
    operands: ['<dir>'],
    options: {
      yes: {
        type: 'boolean',
        says: 'do it: keeps the damaged bytes in quarantine/, gives the lost positions up for good',
      },
      json: JSON_REPORT,
    },
    more: 'Without --yes it changes nothing.',
    next: { INVALID_REQUEST: checkThePath },
    run: async ({ operands: [directory], options: { yes = false, json } }, terminal) => {
      const { repairStore } = await import('../backends/embedded/verify-store.js')
      const { printRepair } = await import('./print-repair.js')
      const report = await repairStore(directory, { apply: yes })
      await terminal.out(json ? inJson(report) : printRepair(report, directory))
      const nothingToDo = report.steps.length === 0 && report.refused.length === 0
      return report.applied || (nothingToDo && report.before.clean) ? EXIT.clean : EXIT.corrupt
    },
  }),
  export: command({
    summary: 'print every event of a data directory or of a server, as lines that import takes',
    operands: ['[dir]'],
    options: {
      url: { type: 'string', value: 'URL', says: 'of a running server instead, which goes on running' },
      token: { type: 'string', value: 'TOKEN', says: 'for that server, with admin.read; or set LIGHTHOUSE_TOKEN' },
      after: { type: 'string', value: 'POSITION', says: 'only what comes behind it', default: '0' },
      format: {
        type: 'string',
        value: 'FORMAT',
        says: 'lighthouse (the default), or cloudevents, which other tools take',
        default: 'lighthouse',
      },
    },
    next: {
      INVALID_REQUEST: checkThePath,
      LOCKED: () => 'Ask the server instead, which goes on running: lighthouse export --url URL',
    },
    run: async ({ operands: [directory], options }, terminal) => {
      const { exportEvents } = await import('./export.js')
      await exportEvents({ directory, ...options }, text => terminal.out(text), storeRules)
      return EXIT.clean
    },
  }),
  import: command({
    summary: 'make the store of an export anew, or append its events to another',
    operands: ['<file>'],
    options: {
      into: { type: 'string', value: 'DIR', says: 'this data directory: new, or with a part of the same store' },
      renumber: { type: 'boolean', says: 'behind the events that DIR has of its own, under new ids' },
      url: { type: 'string', value: 'URL', says: 'a running server, under new ids and in the name of the token' },
      token: { type: 'string', value: 'TOKEN', says: 'for that server; or set LIGHTHOUSE_TOKEN' },
      map: { type: 'string', value: 'FILE', says: 'write there, line by line, which id has become which' },
    },
    more: 'Into a directory, without --renumber, events keep their ids, positions, times and hashes.',
    next: {
      INVALID_REQUEST: () => 'Check the file, and where it is to go.',
      LOCKED: () => 'Append to the server instead, which goes on running: lighthouse import FILE --url URL',
    },
    run: async ({ operands: [file], options }, terminal) => {
      const { importEvents } = await import('./import.js')
      await terminal.out(await importEvents({ file, ...options }, storeRules))
      return EXIT.clean
    },
  }),
  backup: command({
    summary: 'copy what is new into a backup directory, while a server goes on using <dir>',
    operands: ['<dir>', '<backup>'],
    options: { json: JSON_REPORT },
    next: keepsTheBackup,
    run: async ({ operands: [directory, target], options: { json } }, terminal) => {
      const { backupStore } = await import('../backends/embedded/backup-store.js')
      const { mustBeApart } = await import('./assert-disjoint.js')
      const { printBackup } = await import('./print-backup.js')
      await mustBeApart(directory, target)
      const report = await backupStore(directory, target)
      await terminal.out(json ? inJson(report) : printBackup(report, directory, target))
      return report.damaged.length === 0 ? EXIT.clean : EXIT.corrupt
    },
  }),
  restore: command({
    summary: 'make a data directory of a backup or of a part of it, or put one segment back',
    operands: ['[backup]', '[dir]'],
    options: {
      to: {
        type: 'string',
        value: 'WHERE',
        says: 'only up to this position, or this time as 2026-01-31T12:00:00Z, both included',
      },
      verify: { type: 'boolean', says: 'stop at a copy that is not what was copied, and verify everything at the end' },
      segment: { type: 'string', value: 'POSITION', says: 'put only the sealed segment back that holds this position' },
      from: { type: 'string', value: 'BACKUP', says: 'another way to say <backup>' },
      data: { type: 'string', value: 'DIR', says: 'another way to say <dir>' },
      json: JSON_REPORT,
    },
    more:
      'The directory begins a new lineage: readers of the old one are told where the two part.\n' +
      'With --segment <dir> is the damaged store, stopped, which keeps its lineage.\n' +
      'What is replaced is kept in its quarantine/.',
    next: { ...keepsTheBackup, INVALID_REQUEST: () => 'Check the paths, and what --to says.' },
    run: async ({ operands, options }, terminal) => {
      const { restoreFrom } = await import('./restore.js')
      return (await restoreFrom(operands, options, text => terminal.out(text))) ? EXIT.clean : EXIT.corrupt
    },
  }),
  config: command({
    summary: 'print the settings that are in force here and where each comes from, secrets masked',
    operands: [],
    options: START_OPTIONS,
    run: async ({ args }, terminal) => {
      const { shownConfig } = await import('./print-config.js')
      await terminal.out(shownConfig(args))
      return EXIT.clean
    },
  }),
  start: command({
    summary: 'run the server',
    operands: [],
    options: START_OPTIONS,
    run: async () => {
      // The server reads its options from the command line, which the name of the command is no part of.
      process.argv.splice(2, 1)
      await import('../main.js')
      return Number(process.exitCode ?? EXIT.clean)
    },
  }),
  token: command({
    summary: 'print a token for the server on this machine, signed with its secret',
    operands: [],
    options: {
      data: {
        type: 'string',
        value: 'DIR',
        says: "the server's data directory, where a development server keeps its secret",
      },
      agent: { type: 'string', value: 'NAME', says: 'whom it names, such as builder-1' },
      role: { type: 'string', value: 'ROLE', says: 'guest, agent (the default), expert_agent, system_agent or admin' },
      expires: {
        type: 'string',
        value: 'TIME',
        says: 'such as 30m, 12h or 7d; unless said 12h in development, 1h in production',
      },
      permissions: {
        type: 'string',
        value: 'JSON',
        says: 'instead of the role\'s own, such as {"events.read":["own"]}',
      },
    },
    run: async ({ args }, terminal) => {
      const { token } = await import('./token.js')
      await terminal.out(await explained(() => token(args, process.env, text => terminal.err(text))))
      return EXIT.clean
    },
  }),
  version: command({
    summary: 'print the version',
    operands: [],
    options: {},
    run: async (_, terminal) => {
      await terminal.out(productVersion())
      return EXIT.clean
    },
  }),
  help: command({
    summary: 'print what there is, or what a command takes',
    operands: ['[command]'],
    options: {},
    run: async ({ operands: [asked] }, terminal) => {
      await terminal.out(asked === undefined ? overview() : usageOf(asked, commandOf(asked)))
      return EXIT.clean
    },
  }),
}

const OTHER_NAMES: ReadonlyMap<string | undefined, string> = new Map([
  ['--help', 'help'],
  ['-h', 'help'],
  ['--version', 'version'],
  ['-v', 'version'],
])

function overview(): string {
  const rows = Object.entries(COMMANDS).map(([name, { summary }]) => [name, summary] as const)
  return `Usage: lighthouse <command> [options]

${inColumns(rows).join('\n')}

lighthouse <command> --help says what a command takes.

Exit codes: 0 clean or done, 1 corrupt, 2 not understood, 3 could not (in use, no such store,
a file that is not whole, disk error, no answer, nobody who reads the output)`
}

export async function run(typed: readonly string[], terminal: Terminal): Promise<number> {
  const [first, ...args] = typed
  const name = OTHER_NAMES.get(first) ?? first
  try {
    if (name === undefined) throw new Usage('a command is missing')
    const named = commandOf(name)
    if (!wantsHelp(args, named)) return await named.run(args, terminal)
    await terminal.out(usageOf(name, named))
    return EXIT.clean
  } catch (error) {
    return failed(error, name, args, terminal)
  }
}

function commandOf(name: string): Command {
  const found = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (found !== undefined) return found
  const near = closest(name, Object.keys(COMMANDS))
  throw new Usage(`there is no command ${JSON.stringify(name)}${near === undefined ? '' : `; did you mean ${near}?`}`)
}

/** Says what went wrong, in the last line what to do next. Node would end with 1, which scripts take for a corrupt store. */
function failed(error: unknown, name: string | undefined, args: readonly string[], terminal: Terminal): number {
  if (error instanceof BadSettings || error instanceof BadOptions) {
    terminal.err(error.message)
    return EXIT.usage
  }
  if (error instanceof NoSecret) {
    terminal.err(error.message)
    return EXIT.unable
  }
  if (error instanceof Usage || isMisspelt(error)) {
    terminal.err(mistake(error.message, name))
    return EXIT.usage
  }
  // Who has stopped reading, as `head` does, wants to hear no more.
  if (codeOf(error) === 'EPIPE') return EXIT.unable
  terminal.err(error instanceof StoreError ? explain(error, name, args) : unexpected(error))
  return EXIT.unable
}

function mistake(text: string, name: string | undefined): string {
  if (name === undefined) return `${overview()}\n\nlighthouse: ${text}`
  const command = Object.hasOwn(COMMANDS, name) && name !== 'help' ? ` ${name}` : ''
  return `lighthouse${command}: ${text}\nSee lighthouse${command} --help`
}

/** Loads only what opening a store needs, so that no signing secret has to be set. */
function storeRules(): StoreRules {
  return loadSome(['nodeId', 'allowUnsafeFilesystem'], process.env)
}

/** Every error of this command is about what was typed, so the usage is named with it. */
async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Usage || error instanceof NoSecret || error instanceof BadSettings) throw error
    throw new Usage(error instanceof Error ? error.message : String(error))
  }
}

function explain(error: StoreError, name = '', args: readonly string[] = []): string {
  const directory = args.find(arg => !arg.startsWith('-')) ?? ''
  const next = COMMANDS[name]?.next[error.code]?.(directory) ?? ERRORS[error.code].remedy
  return `${ERRORS[error.code].title}: ${error.message}\nNext: ${next}`
}

/** An error of the system about a file or the terminal is no defect and is not reported as one. */
function unexpected(error: unknown): string {
  if (error instanceof NoServer) return error.message
  const { syscall, message } = error as NodeJS.ErrnoException
  return syscall !== undefined ? `That could not be done: ${message}` : `${ERRORS.INTERNAL.title}: ${String(error)}`
}

function inJson(report: object): string {
  return JSON.stringify(report, undefined, 2)
}
