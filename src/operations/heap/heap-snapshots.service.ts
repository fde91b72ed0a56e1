// Writes heap snapshots into a folder of their own, for an operator or, where that is configured, when memory leaks.
import { chmod, mkdir, readdir, rm, stat } from 'node:fs/promises'
import { freemem } from 'node:os'
import { join, resolve } from 'node:path'
import { getHeapStatistics, writeHeapSnapshot } from 'node:v8'
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common'
import { Settings } from '../../config/settings.js'
import { SERVICE_AGENT } from '../../contract/check/check-append.js'
import { codeOf, StoreError } from '../../contract/errors.js'
import { EventStore } from '../../contract/event-store.js'
import { memoryUse } from '../../monitors/memory-use.js'
import { Signals } from '../../signals/signals.js'
import { SECURITY_STREAM } from '../journal.js'
import type { HeapSnapshotAnswerDto } from './heap-snapshot.dto.js'

const FOLDER = '.heap'
const ENDING = '.heapsnapshot'
const KEPT = 3
const DAY_MS = 86_400_000

@Injectable()
export class HeapSnapshots implements OnModuleInit {
  private readonly logger = new Logger('memory')
  private readonly folder: string
  /** How much is free and how large the heap is. */
  memory = freeAndHeap
  /** The loop stands still until it is written: what changed meanwhile would make it worthless. */
  write: (path: string) => void = writeHeapSnapshot

  constructor(
    private readonly settings: Settings,
    private readonly store: EventStore,
    private readonly signals: Signals,
  ) {
    this.folder = join(resolve(settings.dataDir), FOLDER)
  }

  onModuleInit(): void {
    if (!this.settings.heapSnapshotOnLeak) return
    this.signals.listen(({ cause, level }) => {
      if (cause === 'memory_leak' && level !== 'ok') void this.takeByItself()
    })
  }

  async take(by: string): Promise<HeapSnapshotAnswerDto> {
    const { freeBytes, heapBytes } = await this.memory()
    if (freeBytes < 2 * heapBytes) {
      throw new StoreError('MEMORY_SHORT', `${freeBytes} bytes are free, and it takes twice the heap of ${heapBytes}.`)
    }
    await mkdir(this.folder, { recursive: true, mode: 0o700 })
    const name = `${new Date().toISOString().replaceAll(':', '-')}${ENDING}`
    const path = join(this.folder, name)
    this.write(path)
    await chmod(path, 0o600)
    const { size: bytes } = await stat(path)
    await this.removeOld()
    await this.record({ name, bytes, by })
    return { name, bytes }
  }

  /** Never rejects. At most one a day, also over restarts. */
  async takeByItself(now = Date.now()): Promise<void> {
    try {
      const newest = (await this.names()).at(-1)
      if (newest !== undefined) {
        const { mtimeMs } = await stat(join(this.folder, newest))
        if (now - mtimeMs < DAY_MS) return
      }
      await this.take(SERVICE_AGENT)
    } catch (error) {
      this.logger.warn({ code: codeOf(error), message: 'no heap snapshot could be written' })
    }
  }

  /** Oldest first. */
  private async names(): Promise<string[]> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 })
    return (await readdir(this.folder)).filter(name => name.endsWith(ENDING)).sort()
  }

  private async removeOld(): Promise<void> {
    for (const name of (await this.names()).slice(0, -KEPT)) await rm(join(this.folder, name), { force: true })
  }

  /** A failure is only logged: a leak is looked for just when a store may take no appends. */
  private async record(data: { readonly name: string; readonly bytes: number; readonly by: string }): Promise<void> {
    this.logger.warn({ ...data, message: 'a heap snapshot was written; it holds secrets' })
    const event = { type: 'heap.snapshot', stream: SECURITY_STREAM, data }
    try {
      await this.store.append({ events: [event], author: { agentId: SERVICE_AGENT } })
    } catch (error) {
      this.logger.warn({ code: codeOf(error), message: 'what an operator did could not be written down' })
    }
  }
}

/** Free within the limit of the container, or else on the machine. */
async function freeAndHeap(): Promise<{ readonly freeBytes: number; readonly heapBytes: number }> {
  const { usedBytes, limitBytes, of } = await memoryUse()
  const freeBytes = of === 'container' ? Math.min(limitBytes - usedBytes, freemem()) : freemem()
  return { freeBytes, heapBytes: getHeapStatistics().used_heap_size }
}
