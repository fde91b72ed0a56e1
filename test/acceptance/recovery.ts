// What may befall a store, one after the other on the same one, with the time until it is whole again and takes appends.
import { ok, strictEqual } from 'node:assert'
import { closeSync, openSync, readdirSync, readSync, rmSync, statSync, unlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { backupStore, restoreStore } from '../../src/backends/embedded/backup-store.js'
import { verifyStore } from '../../src/backends/embedded/verify-store.js'
import { RunningServer } from '../support/running-server.js'
import { until } from '../support/until.js'
import { fullDiskAndBack } from './full-disk.js'
import { Operator, PLENTY } from './operator.js'
import type { Recovery } from './recovery-limits.js'
import { type Scale, Steps, secondsSince, storeOf, type Tell } from './steps.js'
import { Writers } from './writers.js'

/** So many appends are acknowledged before the kill. */
const UNDER_LOAD = 500
/** The record of the first event of a segment begins at this byte. */
const FIRST_RECORD = 4096 + 76 + 36

export async function failureRecovery(scale: Scale, tell: Tell): Promise<void> {
  const steps = new Steps('test_failure_recovery', tell)
  const trial = new RecoveryTrial(scale, steps)
  // It is a volume of its own, and most of its time is a wait.
  const onFullDisk = fullDiskAndBack(steps, scale.isWhole)
  onFullDisk.catch(() => undefined)
  try {
    await steps.timed('a backup of the store is made', () => trial.backUp())
    await trial.startAfterEnd()
    await trial.startAfterKill()
    await trial.loseIndexes()
    await trial.loseSegment()
    if (scale.isWhole) await trial.rotSegment()
    await steps.timed('all of it is read, nothing is damaged, nothing acknowledged is missing', () => trial.verify())
    await trial.restoreWhole()
    await onFullDisk
  } finally {
    await trial.end()
  }
}

class RecoveryTrial {
  private readonly store: string
  private readonly backup: string
  private readonly writers = new Writers()
  private server: RunningServer | undefined

  constructor(
    private readonly scale: Scale,
    private readonly steps: Steps,
  ) {
    this.store = storeOf(scale)
    this.backup = join(scale.directory, 'backup')
  }

  async backUp(): Promise<void> {
    await backupStore(this.store, this.backup)
  }

  async startAfterEnd(): Promise<void> {
    await this.timed('a start after a clean end, until an append is stored', () => this.restarted())
  }

  async startAfterKill(): Promise<void> {
    const { writers } = this
    const server = this.server as RunningServer
    const stop = new AbortController()
    const writing = writers.write(server.url, stop.signal)
    const before = writers.acknowledged
    await until(() => writers.acknowledged > before + UNDER_LOAD, 5)
    await server.kill()
    stop.abort()
    await writing
    await this.timed('a start after kill -9 under load, until an append is stored', () => this.restarted())
  }

  async loseIndexes(): Promise<void> {
    await this.server?.end()
    const indexes = this.segments('.idx')
    ok(indexes.length > 1, 'the store is too small to have sealed segments')
    for (const path of indexes) unlinkSync(path)
    await this.timed('a start that builds the index of every segment anew', () => this.restarted())
    strictEqual(this.segments('.idx').length, indexes.length)
  }

  async loseSegment(): Promise<void> {
    await this.server?.end()
    const path = this.segments('.log')[0] as string
    const { size } = statSync(path)
    unlinkSync(path)
    await this.timed('a start that puts back a segment which is gone', () => this.started())
    strictEqual(statSync(path).size, size)
    await this.saidToBeOver()
  }

  /** A byte of the first event rots under the running server; somebody reads it; the server mends it by itself. */
  async rotSegment(): Promise<void> {
    const operator = new Operator(this.server as RunningServer)
    const isRead = async () => (await operator.ask('/v1/events/1')).status === 200
    flip(this.segments('.log')[0] as string, FIRST_RECORD + 20)
    strictEqual(await isRead(), false)
    await this.timed(
      'a segment that has rotted is put back while the server runs',
      async () => void (await until(isRead)),
    )
    strictEqual(await operator.mode, 'EMERGENCY')
    await this.timed('from an operator’s word that it is over until all appends are taken', async () => {
      await this.saidToBeOver()
      await until(async () => (await operator.mode) === 'NORMAL')
    })
  }

  /** A disk that has lost something takes no appends until somebody has looked at it. */
  private async saidToBeOver(): Promise<void> {
    const operator = new Operator(this.server as RunningServer)
    strictEqual((await operator.ask('/v1/events/1')).status, 200)
    await operator.answerOf('/v1/admin/mode', { mode: 'NORMAL', reason: 'the disk was looked at' })
    await operator.canAppend()
  }

  async verify(): Promise<void> {
    await this.writers.mustBeThere(new Operator(this.server as RunningServer).client())
    await this.server?.end()
    const report = await verifyStore(this.store)
    strictEqual(report.clean, true, JSON.stringify(report.findings))
  }

  async restoreWhole(): Promise<void> {
    const restored = join(this.scale.directory, 'restored')
    await this.timed('the whole store restored from its backup and verified', async () => {
      const { verified } = await restoreStore(this.backup, restored, { verify: true })
      strictEqual(verified?.clean, true)
      ok(verified.head >= this.scale.events)
    })
  }

  async end(): Promise<void> {
    await this.server?.end()
    for (const made of ['backup', 'restored'])
      rmSync(join(this.scale.directory, made), { recursive: true, force: true })
  }

  private async restarted(): Promise<void> {
    await this.started()
    await new Operator(this.server as RunningServer).canAppend()
  }

  private async started(): Promise<void> {
    this.server = await RunningServer.start(
      { LIGHTHOUSE_QUOTAS: PLENTY, LIGHTHOUSE_RESTORE_FROM: this.backup },
      this.store,
    )
  }

  private async timed(what: Recovery, work: () => Promise<void>): Promise<void> {
    const started = performance.now()
    await work()
    this.steps.recovered(what, secondsSince(started))
  }

  private segments(ending: string): string[] {
    const folder = join(this.store, 'segments')
    return readdirSync(folder)
      .filter(name => name.endsWith(ending))
      .sort()
      .map(name => join(folder, name))
  }
}

function flip(path: string, at: number): void {
  const file = openSync(path, 'r+')
  const byte = Buffer.alloc(1)
  readSync(file, byte, 0, 1, at)
  writeSync(file, Buffer.from([(byte[0] as number) ^ 0xff]), 0, 1, at)
  closeSync(file)
}
