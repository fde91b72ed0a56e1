// Measures one cell: every system is started, warmed and then measured by turns, and a turn that was disturbed is repeated.
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { median, pause } from '../engine/figures.js'
import type { AppendCell, Cell, ReadCell } from './cells.js'
import { type Driven, driveAppends, driveReads, driveSeen, fill } from './drive.js'
import { BATCH, BATCH_CLIENTS } from './events.js'
import { OtherLoad } from './process-tree.js'
import { bytesOnDisk, type Peer, type System } from './system.js'

const WARMING_SECONDS = 0.5
const MOST_TRIES = 6
/** Before memory is called idle. */
const SETTLED_MS = 1_000

export interface Settings {
  readonly rounds: number
  readonly seconds: number
  readonly directory: string
  /** Cores that others may take in a turn. */
  readonly otherLoad: number
  /** Batches of each client that a store holds in which is read. */
  readonly batches: number
}

/** A turn of a system: operations are events. */
export interface Turn {
  readonly perSecond: number
  readonly p50?: number
  readonly p99?: number
  /** CPU microseconds for each event, of the server's processes and of this one. */
  readonly serverMicros: number
  readonly clientMicros: number
  readonly otherLoad: number
}

export interface Start {
  readonly readyMs: number
  readonly idleBytes: number
  readonly diskBytesPerEvent: number
}

/** By the names of figures: the median of the rounds. */
export type Figures = Readonly<Record<string, number>>

export interface CellResult {
  readonly name: string
  readonly what: string
  readonly systems: Readonly<Record<string, Figures>>
  readonly rounds: Readonly<Record<string, readonly object[]>>
  /** Turns that others disturbed and that were therefore measured again. */
  readonly repeated: number
}

type Work = (seconds: number) => Promise<Driven | undefined>

interface Subject {
  readonly system: System
  readonly work: Work
  close(): Promise<void>
}

export class CellBench {
  private repeated = 0

  constructor(
    private readonly peers: readonly Peer[],
    private readonly settings: Settings,
    private readonly say: (line: string) => void,
  ) {}

  async measure(cell: Cell): Promise<CellResult> {
    this.repeated = 0
    const turns = 'plain' in cell && cell.plain === 'start' ? await this.starts() : await this.turns(cell)
    const rounds = Object.fromEntries(turns)
    const systems = Object.fromEntries([...turns].map(([name, all]) => [name, mediansOf(all)]))
    return { name: cell.name, what: cell.what, systems, rounds, repeated: this.repeated }
  }

  private async turns(cell: Cell): Promise<Map<string, Turn[]>> {
    const systems: System[] = []
    const subjects: Subject[] = []
    try {
      for (const peer of this.peers) {
        const system = await this.start(peer)
        systems.push(system)
        subjects.push(await this.subjectOf(cell, system))
      }
      const able: Subject[] = []
      for (const subject of subjects) if ((await subject.work(WARMING_SECONDS)) !== undefined) able.push(subject)
      const turns = new Map(able.map(({ system }) => [system.name, [] as Turn[]]))
      for (let round = 0; round < this.settings.rounds; round++) {
        for (const subject of round % 2 === 0 ? able : able.toReversed()) {
          turns.get(subject.system.name)?.push(await this.quietTurn(subject))
        }
      }
      return turns
    } finally {
      for (const { close } of subjects) await close()
      for (const system of systems) await this.end(system)
    }
  }

  async start(peer: Peer): Promise<System> {
    return peer.start(mkdtempSync(join(this.settings.directory, `${peer.name}-`)))
  }

  async end(system: System): Promise<void> {
    await system.stop()
    rmSync(system.directory, { recursive: true, force: true })
  }

  private async subjectOf(cell: Cell, system: System): Promise<Subject> {
    if ('append' in cell) return appendSubject(cell, system)
    if ('read' in cell) return readSubject(cell, system, this.settings.batches)
    return { system, work: seconds => driveSeen(system, seconds), close: async () => {} }
  }

  private async quietTurn(subject: Subject): Promise<Turn> {
    for (let tries = 1; ; tries++) {
      await pause()
      const turn = await measuredTurn(subject, this.settings.seconds)
      if (turn.otherLoad <= this.settings.otherLoad) return turn
      if (tries === MOST_TRIES) throw new Error(`others took ${turn.otherLoad.toFixed(2)} cores, ${tries} times`)
      this.repeated++
      this.say(`  ${subject.system.name}: others took ${turn.otherLoad.toFixed(2)} cores; once more`)
    }
  }

  /** Each round starts every system on an empty directory, and fills it. */
  private async starts(): Promise<Map<string, Start[]>> {
    const starts = new Map(this.peers.map(({ name }) => [name, [] as Start[]]))
    for (let round = 0; round < this.settings.rounds; round++) {
      for (const peer of round % 2 === 0 ? this.peers : this.peers.toReversed()) {
        const system = await this.start(peer)
        try {
          await pause(SETTLED_MS)
          const idleBytes = system.processes.residentBytes()
          const empty = bytesOnDisk(system.directory)
          await fill(system, this.settings.batches)
          const events = this.settings.batches * BATCH_CLIENTS * BATCH
          const diskBytesPerEvent = (bytesOnDisk(system.directory) - empty) / events
          starts.get(peer.name)?.push({ readyMs: system.readyMs, idleBytes, diskBytesPerEvent })
        } finally {
          await this.end(system)
        }
      }
    }
    return starts
  }
}

async function appendSubject({ append, events }: AppendCell, system: System): Promise<Subject> {
  const clients = await system.appending(append)
  const work = async (seconds: number) => {
    const driven = await driveAppends(clients, append.clients, seconds)
    return { ...driven, operations: driven.operations * events }
  }
  return { system, work, close: () => clients.close() }
}

async function readSubject({ read }: ReadCell, system: System, batches: number): Promise<Subject> {
  const reading = system.reading(read)
  if (reading !== undefined) await fill(system, batches)
  const work = async (seconds: number) => (reading === undefined ? undefined : driveReads(reading, seconds))
  return { system, work, close: async () => {} }
}

async function measuredTurn({ system, work }: Subject, seconds: number): Promise<Turn> {
  const other = new OtherLoad(system.processes)
  const [server, client] = [system.processes.cpuSeconds(), process.cpuUsage()]
  const { operations, seconds: took, latencies } = (await work(seconds)) as Driven
  const { user, system: kernel } = process.cpuUsage(client)
  const serverMicros = ((system.processes.cpuSeconds() - server) * 1e6) / operations
  const clientMicros = (user + kernel) / operations
  return { perSecond: operations / took, ...latencies, serverMicros, clientMicros, otherLoad: other.cores() }
}

function mediansOf(all: readonly object[]): Figures {
  const rows = all as readonly Record<string, number>[]
  const names = Object.keys(rows[0] ?? {})
  return Object.fromEntries(names.map(name => [name, median(rows.map(row => row[name] as number))]))
}
