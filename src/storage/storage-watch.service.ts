// Checks every few seconds whether the store can be read where it lies, so that a probe need not touch the disk.

import { stat } from 'node:fs/promises'
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common'
import { codeOf } from '../contract/errors.js'
import type { EventStore } from '../contract/event-store.js'

const EVERY_MS = 2_000
/** A check that takes longer counts as failed, because a disk that hangs gives no other answer. */
const PATIENCE_MS = 5_000

export class StorageWatch implements OnModuleInit, OnApplicationShutdown {
  private sound = true
  private lookingSince: number | undefined
  private home: string | undefined
  private timer: NodeJS.Timeout | undefined

  /** Takes the store without its meter, because no client has requested these reads. */
  constructor(
    private readonly store: EventStore,
    private readonly directory: string,
  ) {}

  onModuleInit(): void {
    const look = () => {
      // While a check hangs no further one begins, or they would pile up.
      if (this.lookingSince === undefined) void this.look()
    }
    look()
    this.timer = setInterval(look, EVERY_MS).unref()
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer)
  }

  get readable(): boolean {
    const late = this.lookingSince !== undefined && performance.now() - this.lookingSince > PATIENCE_MS
    return this.sound && !late
  }

  private async look(): Promise<void> {
    this.lookingSince = performance.now()
    this.sound = (await this.isInPlace()) && (await this.reads())
    this.lookingSince = undefined
  }

  /** Open files stay readable when their directory is moved or replaced, but files opened later are not found. */
  private async isInPlace(): Promise<boolean> {
    try {
      const { dev, ino } = await stat(this.directory, { bigint: true })
      const found = `${dev}:${ino}`
      this.home ??= found
      return found === this.home
    } catch {
      return false
    }
  }

  /** One of the oldest and the newest event is enough: damage is reported to its readers, and the rest is served. */
  private async reads(): Promise<boolean> {
    const { first, head } = this.store.status()
    if (head < first) return true
    const outcomes = await Promise.allSettled([this.store.find(first), this.store.find(head)])
    return !outcomes.every(outcome => outcome.status === 'rejected' && codeOf(outcome.reason) === 'STORAGE_UNAVAILABLE')
  }
}
