// The commands that work on a data directory, with a server beside it or without one.
import { command } from '../command.js'
import { EXIT } from '../exit.js'
import { reportJson } from '../report-json.js'
import { inShell } from '../shell-quote.js'

const JSON_REPORT = { type: 'boolean', says: 'print the report as JSON' } as const
const checkThePath = () => 'Check the path.'
const keepsTheBackup = {
  INVALID_REQUEST: checkThePath,
  DISK_FULL: () => 'Make room there and run it again; the last complete backup is untouched.',
  DATA_CORRUPT: () => 'Find out what is damaged with lighthouse verify; the last complete backup is untouched.',
  LOCKED: () => 'Wait until that is done, or use another directory.',
} as const

/** Each loads what it needs when it runs, so that none waits for the code of the others. */
export const ofStore = {
  verify: command({
    summary: 'read everything in a data directory, and say what is wrong and where',
    examples: [
      ['lighthouse verify ./data', 'read every byte, and say what is wrong and where'],
      ['lighthouse verify ./data --live --json', 'while a server is using it, as JSON for a script'],
    ],
    operands: ['<dir>'],
    options: { live: { type: 'boolean', says: 'look while a server is using it' }, json: JSON_REPORT },
    more: 'It changes nothing.',
    next: {
      INVALID_REQUEST: checkThePath,
      LOCKED: directory => `Look while it runs: lighthouse verify ${inShell(directory)} --live`,
    },
    run: async ({ operands: [directory], options: { live = false, json } }, terminal) => {
      const { verifyStore } = await import('../../backends/embedded/verify-store.js')
      const { printVerify } = await import('../print-verify.js')
      const { bytesBelow, overBytes } = await import('../long-work/watched-disk.js')
      const work = { name: 'verify', total: await bytesBelow(directory) }
      const report = await overBytes(terminal, work, disk => verifyStore(directory, { live, disk }))
      await terminal.out(json ? reportJson(report) : printVerify(report, directory))
      return report.clean ? EXIT.clean : EXIT.no
    },
  }),
  repair: command({
    summary: 'say what it takes to make a damaged store writable again, or do it',
    examples: [
      ['lighthouse repair ./data', 'say what it would take'],
      ['lighthouse repair ./data --yes', 'do it'],
    ],
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
      const { repairStore } = await import('../../backends/embedded/verify-store.js')
      const { printRepair } = await import('../print-repair.js')
      const { bytesBelow, overBytes } = await import('../long-work/watched-disk.js')
      const work = { name: 'repair', total: await bytesBelow(directory) }
      const report = await overBytes(terminal, work, disk => repairStore(directory, { apply: yes, disk }))
      await terminal.out(json ? reportJson(report) : printRepair(report, directory))
      const nothingToDo = report.steps.length === 0 && report.refused.length === 0
      return report.applied || (nothingToDo && report.before.clean) ? EXIT.clean : EXIT.no
    },
  }),
  export: command({
    summary: 'print every event of a data directory or of a server, as lines that import takes',
    examples: [
      ['lighthouse export ./data > events.ndjson', 'everything in a data directory that no server is using'],
      [
        'lighthouse export --url http://127.0.0.1:8765 --after 1 > more.ndjson',
        'of a running server, what came behind position 1',
      ],
    ],
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
      const { exportEvents } = await import('../export.js')
      const { storeRules } = await import('../store-rules.js')
      await exportEvents({ directory, ...options }, terminal, storeRules)
      return EXIT.clean
    },
  }),
  import: command({
    summary: 'make the store of an export anew, or append its events to another',
    examples: [
      ['lighthouse import events.ndjson --into ./copy', 'make the same store again'],
      [
        'lighthouse import events.ndjson --url http://127.0.0.1:8765 --map ids.ndjson',
        'append the events to a running server, and keep which id has become which',
      ],
    ],
    operands: ['<file>'],
    options: {
      into: { type: 'string', value: 'DIR', says: 'this data directory: new, or with a part of the same store' },
      renumber: { type: 'boolean', says: 'behind the events that DIR has of its own, under new ids' },
      url: { type: 'string', value: 'URL', says: 'a running server, under new ids and in the name of the token' },
      token: { type: 'string', value: 'TOKEN', says: 'for that server; or set LIGHTHOUSE_TOKEN' },
      map: { type: 'string', value: 'FILE', says: 'write there, line by line, which id has become which' },
      json: JSON_REPORT,
    },
    more: 'Into a directory, without --renumber, events keep their ids, positions, times and hashes.',
    next: {
      INVALID_REQUEST: () => 'Check the file, and where it is to go.',
      LOCKED: () => 'Append to the server instead, which goes on running: lighthouse import FILE --url URL',
    },
    run: async ({ operands: [file], options }, terminal) => {
      const { importEvents } = await import('../import.js')
      const { storeRules } = await import('../store-rules.js')
      await terminal.out(await importEvents({ file, ...options }, terminal, storeRules))
      return EXIT.clean
    },
  }),
  archive: command({
    summary: 'compress the old segments of a stopped store now; a server does it by itself',
    examples: [
      ['lighthouse archive ./data', 'what is older than LIGHTHOUSE_ARCHIVE_AFTER_DAYS says'],
      ['lighthouse archive ./data --older-than 1 --json', 'what is older than a day, with a report as JSON'],
    ],
    operands: ['<dir>'],
    options: {
      'older-than': { type: 'string', value: 'DAYS', says: 'what was sealed so long ago' },
      json: JSON_REPORT,
    },
    more: 'No event is lost or changed. Exit 1 when a segment could not be archived; it stays as it is.',
    next: {
      INVALID_REQUEST: checkThePath,
      LOCKED: () => 'The server archives by itself what is older than LIGHTHOUSE_ARCHIVE_AFTER_DAYS says.',
    },
    run: async ({ operands: [directory], options }, terminal) => {
      const { archive } = await import('../archive.js')
      return archive(directory, options, terminal)
    },
  }),
  backup: command({
    summary: 'copy what is new into a backup directory, while a server goes on using <dir>',
    examples: [['lighthouse backup ./data ./backup', 'copy what is new since the last time']],
    operands: ['<dir>', '<backup>'],
    options: { json: JSON_REPORT },
    next: keepsTheBackup,
    run: async ({ operands: [directory, target], options: { json } }, terminal) => {
      const { backupStore } = await import('../../backends/embedded/backup-store.js')
      const { mustBeApart } = await import('../assert-disjoint.js')
      const { printBackup } = await import('../print-backup.js')
      await mustBeApart(directory, target)
      const { bytesBelow, overBytes } = await import('../long-work/watched-disk.js')
      const work = { name: 'backup', total: (await bytesBelow(directory)) - (await bytesBelow(target)) }
      const report = await overBytes(terminal, work, disk => backupStore(directory, target, { disk }))
      await terminal.out(json ? reportJson(report) : printBackup(report, directory, target))
      return report.damaged.length === 0 ? EXIT.clean : EXIT.no
    },
  }),
  restore: command({
    summary: 'make a data directory of a backup or of a part of it, or put one segment back',
    examples: [
      ['lighthouse restore ./backup ./data --verify', 'make the store again, and prove every byte of it'],
      ['lighthouse restore ./backup ./data --to 2', 'only what was stored up to a position, or a time'],
    ],
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
      const { restoreFrom } = await import('../restore.js')
      return (await restoreFrom(operands, options, terminal)) ? EXIT.clean : EXIT.no
    },
  }),
}
